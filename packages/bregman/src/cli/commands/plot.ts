import { extname } from 'node:path';
import { UserError } from '@bregman/core/files';
import { ConfigError } from '@bregman/core/train';
import { writeAtomic } from '../../files/index.js';
import {
  type Figure,
  figuresOfRuns,
  type MetricName,
  metricNames,
  readRuns,
  renderPng,
  renderSvg,
} from '../../plot/index.js';
import { drawReport, htmlPage, reportOfRuns } from '../../report/index.js';
import { reportError } from '../errors.js';
import { Output } from '../output.js';
import { oneLine } from '../text.js';

interface Options {
  readonly metric?: MetricName;
  readonly out: string;
}

/** `bregman plot` */
export default async function plotCommand(
  paths: readonly string[],
  { metric, out }: Options,
): Promise<void> {
  const isPage = endingOf(out) === '.html';
  const { runs, problems } = await readRuns(paths);
  for (const problem of problems) reportError(new UserError(problem));
  if (runs.length === 0) throw new UserError('there is no run to draw');
  const metrics = metric ? [metric] : isPage ? metricNames : (['accuracy'] as const);
  const figures = figuresOfRuns(runs, metrics);
  if (figures.length === 0) throw new UserError(`no run has what ${metrics} shows`);
  const drawn = isPage
    ? htmlPage(await drawReport(reportOfRuns(runs, figures, problems)))
    : await picture(figures, out);
  await writeAtomic(out, drawn);
  new Output().line(`drawn: ${oneLine(out)}`);
}

/** @throws {ConfigError} it is none of the endings that can be written */
function endingOf(out: string): string {
  const ending = extname(out).toLowerCase();
  if (['.svg', '.png', '.html'].includes(ending)) return ending;
  throw new ConfigError(`--out ${out}: its name must end in .svg, .png or .html`);
}

async function picture([figure, another]: readonly Figure[], out: string) {
  if (another) {
    throw new ConfigError(
      `--out ${out}: a picture shows one figure, and these are one a run; ` +
        'name one run, or a file that ends in .html',
    );
  }
  const svg = await renderSvg(figure.chart, { title: figure.caption });
  return endingOf(out) === '.png' ? renderPng(svg) : svg;
}
