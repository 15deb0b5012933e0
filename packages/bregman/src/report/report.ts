import { type Figure, renderSvg } from '../plot/index.js';

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
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  /** Below the table. */
  readonly notes?: readonly string[];
}

/** A column of a table, on the left unless it says right. */
export interface Column {
  readonly name: string;
  readonly align?: 'left' | 'right';
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
