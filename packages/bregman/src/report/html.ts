import { escapeXml } from '../plot/xml.js';
import type { DrawnFigure, DrawnReport, Table } from './report.js';

/** One page with everything in it: no script, nothing from outside. */
export function htmlPage(report: DrawnReport): string {
  const { title, summary, warnings, tables, figures, provenance } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="bregman">
<title>${escapeXml(title)}</title>
<style>
${[css, ...bandRules(tables)].join('\n')}
</style>
</head>
<body>
<main>
<h1>${escapeXml(title)}</h1>
${[
  ...(warnings.length > 0 ? [warningBox(warnings)] : []),
  ...summary.map((text) => `<p>${escapeXml(text)}</p>`),
  ...tables.map(tableElement),
  ...figures.map(figureElement),
  ...(provenance.length > 0 ? [provenanceList(provenance)] : []),
].join('\n')}
</main>
</body>
</html>
`;
}

/** A table, or part of one. */
type Grid = Pick<Table, 'columns' | 'rows'>;

function warningBox(warnings: readonly string[]): string {
  const items = warnings.map((text) => `<li>${escapeXml(text)}</li>`);
  return `<aside role="note">\n<strong>Please note</strong>\n<ul>\n${items.join('\n')}\n</ul>\n</aside>`;
}

function tableElement(table: Table): string {
  const { title, notes = [] } = table;
  const width = leastWidth(table);
  const bands = width > BAND_WIDTH ? bandsOf(table) : [];
  return [
    '<section>',
    `<h2>${escapeXml(title)}</h2>`,
    `<div class="whole-${width}">${gridElement(table)}</div>`,
    ...(bands.length > 0
      ? [`<div class="bands-${width}">${bands.map(gridElement).join('\n')}</div>`]
      : []),
    ...notes.map((note) => `<p class="note">${escapeXml(note)}</p>`),
    '</section>',
  ].join('\n');
}

function gridElement({ columns, rows }: Grid): string {
  const line = (tag: string, row: readonly string[]) =>
    columns.map(({ align }, i) => {
      const side = align === 'right' ? ' class="right"' : '';
      return `<${tag}${side}>${cellText(row[i] ?? '')}</${tag}>`;
    });
  const header = line(
    'th',
    columns.map(({ name }) => name),
  );
  return [
    '<table>',
    `<thead><tr>${header.join('')}</tr></thead>`,
    '<tbody>',
    ...rows.map((row) => `<tr>${line('td', row).join('')}</tr>`),
    '</tbody>',
    '</table>',
  ].join('\n');
}

/** Browsers would end a line after the hyphen of 1e-5. */
function cellText(text: string): string {
  return escapeXml(held(text)).replace(/[\d.]+e-\d+/g, '<span class="number">$&</span>');
}

/** Text in which no line ends between a number and its sign or unit. */
function held(text: string): string {
  return text.replace(/ (?==)|(?<=[\d±=]) (?=[\d%])/g, '\u00a0');
}

/**
 * The width in rem that a page needs for a table, its longest words side by side: letters of 0.51 rem (0.6 of the
 * font's size, as in the widest of the usual fonts), the space between columns and the page's margins.
 */
function leastWidth({ columns, rows }: Grid): number {
  const longest = columns.map(({ name }, i) =>
    Math.max(
      ...[name, ...rows.map((row) => row[i] ?? '')].flatMap(words).map(({ length }) => length),
    ),
  );
  return Math.ceil(longest.reduce((sum, length) => sum + 0.51 * length + 0.7, 2));
}

/** What a browser keeps on one line. */
function words(text: string): string[] {
  return held(text).split(/ |(?<=\p{L}-)(?=\p{L})/u);
}

/** The page's width in rem for which there are bands: that of a telephone. */
const BAND_WIDTH = 25;

/** A table cut between its columns: each band begins with the first column, and has room on a telephone. */
function bandsOf({ columns, rows }: Grid): Grid[] {
  const pick = (indices: readonly number[]): Grid => ({
    columns: indices.map((i) => columns[i]),
    rows: rows.map((row) => indices.map((i) => row[i] ?? '')),
  });
  const bands = [[0]];
  for (let i = 1; i < columns.length; i++) {
    const band = bands[bands.length - 1];
    const isFull = band.length > 1 && leastWidth(pick([...band, i])) > BAND_WIDTH;
    if (isFull) bands.push([0, i]);
    else band.push(i);
  }
  return bands.map(pick);
}

/** Where the page is too narrow for a table, its bands take its place. */
function bandRules(tables: readonly Table[]): string[] {
  const widths = new Set(tables.map(leastWidth).filter((width) => width > BAND_WIDTH));
  return Array.from(
    widths,
    (width) => `.bands-${width} { display: none; }
@media (max-width: ${width}rem) {
.whole-${width} { display: none; }
.bands-${width} { display: flex; flex-wrap: wrap; gap: 1rem 2rem; }
}`,
  );
}

function figureElement({ name, caption, svg }: DrawnFigure): string {
  const label = `role="img" aria-label="${escapeXml(caption)}"`;
  return [
    `<figure id="${escapeXml(name)}">`,
    // As a function: `$&` in a caption is text.
    svg.replace('<svg ', () => `<svg ${label} `),
    `<figcaption>${escapeXml(caption)}</figcaption>`,
    '</figure>',
  ].join('\n');
}

function provenanceList(provenance: DrawnReport['provenance']): string {
  const entries = provenance.map(
    ([name, value]) => `<dt>${escapeXml(name)}</dt><dd>${escapeXml(value)}</dd>`,
  );
  return `<section>\n<h2>How it was made</h2>\n<dl>\n${entries.join('\n')}\n</dl>\n</section>`;
}

const css = `:root { color-scheme: light dark; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 75rem; margin: 0 auto; padding: 1rem; }
h1, p, aside, figure, dl { max-width: 50rem; }
h1 { font-size: 1.7rem; line-height: 1.2; }
h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; }
section > div { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.85rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3rem 0.35rem; text-align: left; vertical-align: top; border-bottom: 1px solid #8884; }
th { border-bottom: 2px solid #888; vertical-align: bottom; }
th:first-child, td:first-child { padding-left: 0; }
.right { text-align: right; }
.number { white-space: nowrap; }
.note, figcaption { font-size: 0.9rem; opacity: 0.8; }
figure { margin: 2rem 0; break-inside: avoid; }
figure svg { display: block; max-width: 100%; height: auto; }
aside { border-left: 4px solid #d55e00; background: #d55e0018; padding: 0.7rem 1rem; }
aside ul { margin: 0.3rem 0 0; padding-left: 1.2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; font-size: 0.9rem; }
dt { opacity: 0.8; }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 30rem) {
main { padding: 0.75rem; }
th, td { padding: 0.3rem 0.25rem; }
dl { grid-template-columns: 1fr; }
dd { margin-bottom: 0.4rem; }
}
@media print { body { font-size: 11pt; } main { max-width: none; } thead { display: table-header-group; } }`;
