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
${css}
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

function warningBox(warnings: readonly string[]): string {
  const items = warnings.map((text) => `<li>${escapeXml(text)}</li>`);
  return `<aside role="note">\n<strong>Please note</strong>\n<ul>\n${items.join('\n')}\n</ul>\n</aside>`;
}

function tableElement({ title, columns, rows, notes = [] }: Table): string {
  const cells = (tag: string, row: readonly string[]) =>
    columns
      .map(({ align }, i) => {
        const side = align === 'right' ? ' class="right"' : '';
        return `<${tag}${side}>${escapeXml(row[i] ?? '')}</${tag}>`;
      })
      .join('');
  const header = cells(
    'th',
    columns.map(({ name }) => name),
  );
  return [
    '<section>',
    `<h2>${escapeXml(title)}</h2>`,
    '<div class="wide"><table>',
    `<thead><tr>${header}</tr></thead>`,
    '<tbody>',
    ...rows.map((row) => `<tr>${cells('td', row)}</tr>`),
    '</tbody>',
    '</table></div>',
    ...notes.map((note) => `<p class="note">${escapeXml(note)}</p>`),
    '</section>',
  ].join('\n');
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
main { max-width: 50rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.7rem; line-height: 1.2; }
h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3rem 0.7rem; text-align: left; vertical-align: top; border-bottom: 1px solid #8884; }
th { border-bottom: 2px solid #888; }
td:first-child { min-width: 8rem; }
.right { text-align: right; white-space: nowrap; }
.note, figcaption { font-size: 0.9rem; opacity: 0.8; }
figure { margin: 2rem 0; break-inside: avoid; }
figure svg { display: block; max-width: 100%; height: auto; }
aside { border-left: 4px solid #d55e00; background: #d55e0018; padding: 0.7rem 1rem; }
aside ul { margin: 0.3rem 0 0; padding-left: 1.2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; font-size: 0.9rem; }
dt { opacity: 0.8; }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: 0.4rem; } }
@media print { body { font-size: 11pt; } main { max-width: none; } thead { display: table-header-group; } }`;
