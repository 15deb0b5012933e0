import { type Config, type EpochMetrics, inspect, type Summary } from '@bregman/core/train';
import { loadModel, loadModelConfig, readMetrics, readSummary } from '../../runs/index.js';
import { describeConfig, describeMetrics, describeSummary, layerTable } from '../describe.js';
import { Output } from '../output.js';

/** `bregman inspect` */
export default async function inspectModel(
  target: string,
  { json }: { json?: boolean },
): Promise<void> {
  const model = await loadModel(target);
  const report = inspect(model.weights);
  const run = model.run && (await aboutRun(model.run, await loadModelConfig(model)));
  new Output(json).either({ ...report, ...(run && run) }, () => [
    ...(run ? runLines(run) : []),
    ...layerTable(report),
  ]);
}

interface RunFacts {
  readonly config: Config;
  readonly metrics?: EpochMetrics;
  readonly summary?: Summary;
}

async function aboutRun(path: string, config: Config): Promise<RunFacts> {
  const metrics = (await readMetrics(path)).at(-1);
  const summary = await readSummary(path);
  return { config, ...(metrics && { metrics }), ...(summary && { summary }) };
}

function runLines({ config, metrics, summary }: RunFacts): string[] {
  return [
    describeConfig(config),
    ...(metrics ? [describeMetrics(metrics)] : []),
    ...(summary ? [describeSummary(summary)] : []),
    '',
  ];
}
