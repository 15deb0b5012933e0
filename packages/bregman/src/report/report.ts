import { join } from 'node:path';
import { makeFolder, writeAtomic } from '../files/index.js';
import { type Figure, renderSvg } from '../plot/index.js';
import { htmlPage } from './html.js';
import { markdownPage } from './markdown.js';

/** What an experiment has shown. All text is plain: the writers escape it. */
export interface Report {
  readonly name: string;
  readonly title: string;
  /** Paragraphs: what it shows, what came out. */
  readonly summary: readonly string[];
  /** What is missing, damaged or shortened; shown before everything else. */
  readonly warnings: readonly string[];
  readonly tables: readonly Table[];
  readonly figures: readonly Figure[];
  /** Command, seeds, versions, machine, time, data: shown at the end. */
  readonly provenance: readonly (readonly [name: string, value: string])[];
}

/** A table of text. */
export interface Table {
  readonly title: string;
  /** Left unless it says right. */
  readonly columns: readonly { readonly name: string; readonly align?: 'left' | 'right' }[];
  readonly rows: readonly (readonly string[])[];
  /** Below the table. */
  readonly notes?: readonly string[];
}

/** A figure with its drawing. */
export interface DrawnFigure {
  readonly name: string;
  readonly caption: string;
  readonly svg: string;
}

/** A report with its figures drawn. */
export interface DrawnReport extends Omit<Report, 'figures'> {
  readonly figures: readonly DrawnFigure[];
}

/** Draws the figures of a report; one that fails becomes a warning. */
export async function drawReport(report: Report): Promise<DrawnReport> {
  const figures: DrawnFigure[] = [];
  const warnings = [...report.warnings];
  for (const { name, caption, chart } of report.figures) {
    try {
      figures.push({ name, caption, svg: await renderSvg(chart) });
    } catch (error) {
      warnings.push(`figure ${name} could not be drawn: ${(error as Error).message}`);
    }
  }
  return { ...report, figures, warnings };
}

/**
 * Writes a report into a folder: `report.html`, one file with everything in it, `report.md`, and
 * beside it the figures that it shows, `NAME.svg` each. A figure that cannot be drawn becomes a
 * warning.
 *
 * @returns the paths of both pages
 * @throws {UserError} the folder cannot be written
 */
export async function writeReport(
  report: Report,
  folder: string,
): Promise<{ html: string; markdown: string }> {
  await makeFolder(folder);
  const drawn = await drawReport(report);
  // The pages come last: what they show is there when they are.
  for (const { name, svg } of drawn.figures) await writeAtomic(join(folder, `${name}.svg`), svg);
  const [html, markdown] = [join(folder, 'report.html'), join(folder, 'report.md')];
  await writeAtomic(html, htmlPage(drawn));
  await writeAtomic(markdown, markdownPage(drawn));
  return { html, markdown };
}
