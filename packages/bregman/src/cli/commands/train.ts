import { resolve } from 'node:path';
import { type ConfigInput, resolveConfig, setByPath, setValue } from '@bregman/core/train';
import { isDatasetName } from '../../data/index.js';
import { loadConfigInput, nextRunPath, RunDirectory } from '../../runs/index.js';
import { share, threadsOption } from '../options.js';
import { Session } from '../session.js';

interface Options {
  readonly set?: readonly string[];
  readonly density?: string;
  readonly epochs?: string;
  readonly seed?: string;
  readonly threads?: string;
  readonly data?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** `bregman train` */
export default async function trainCommand(presetOrPath: string, options: Options): Promise<void> {
  const threads = threadsOption(options.threads);
  const { name, input } = await loadConfigInput(presetOrPath);
  for (const assignment of options.set ?? []) setByPath(input, assignment);
  applyFlags(input, options);
  const written = resolveConfig(input, presetOrPath);
  // A folder stays the same one wherever the run is resumed from.
  const isFolder = !isDatasetName(written.data);
  const config = isFolder ? { ...written, data: resolve(written.data) } : written;
  const session = new Session(options.json);
  const data = await session.loadData(config);
  const path = options.out ?? (await nextRunPath('runs', name));
  await session.train(await RunDirectory.create(path, config), { data, ...threads });
}

/** Of the support where there is one, else by λ; what else they are told stays. */
function askForDensity(input: Partial<ConfigInput>, density: unknown): void {
  if (input.support) setValue(input, 'support.density', density, '--density');
  else if (input.lambdaPolicy?.kind === 'target-density') {
    setValue(input, 'lambdaPolicy.density', density, '--density');
  } else Object.assign(input, { lambdaPolicy: { kind: 'target-density', density } });
}

function applyFlags(input: object, { density, epochs, seed, data }: Options): void {
  if (epochs !== undefined) setByPath(input, `epochs=${epochs}`);
  if (seed !== undefined) setByPath(input, `seed=${seed}`);
  if (data !== undefined) Object.assign(input, { dataDir: resolve(data) });
  if (density !== undefined) askForDensity(input, share(density));
}
