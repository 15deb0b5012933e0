import { join } from 'node:path';
import { makeFolder, writeAtomic } from '../files/index.js';
import { htmlPage } from './html.js';
import { markdownPage } from './markdown.js';
import { drawReport, type Report } from './report.js';

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
  const html = join(folder, 'report.html');
  const markdown = join(folder, 'report.md');
  await writeAtomic(html, htmlPage(drawn));
  await writeAtomic(markdown, markdownPage(drawn));
  return { html, markdown };
}
