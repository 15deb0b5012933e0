import type { DrawnReport, Table } from './report.js';

/** The twin of the page, as GitHub shows it; figures are files beside it. */
export function markdownPage(report: DrawnReport): string {
  const { title, summary, warnings, tables, figures, provenance } = report;
  const blocks = [
    `# ${escaped(title)}`,
    ...(warnings.length > 0
      ? [['> [!WARNING]', ...warnings.map((text) => `> - ${escaped(text)}`)].join('\n')]
      : []),
    ...summary.map(escaped),
    ...tables.flatMap(tableBlocks),
    ...figures.flatMap(({ name, caption }) => [
      `![${escaped(caption)}](${encodeURIComponent(name)}.svg)`,
      escaped(caption),
    ]),
    ...(provenance.length > 0
      ? [
          '## How it was made',
          provenance.map(([key, value]) => `- ${escaped(key)}: ${escaped(value)}`).join('\n'),
        ]
      : []),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function tableBlocks({ title, columns, rows, notes = [] }: Table): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const lines = [
    line(columns.map(({ name }) => escaped(name))),
    line(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...rows.map((row) => line(columns.map((_, i) => escaped(row[i] ?? '')))),
  ];
  return [`## ${escaped(title)}`, lines.join('\n'), ...notes.map(escaped)];
}

/** Plain text, on one line, so that Markdown shows it as it is. */
function escaped(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]<>|~$&]/g, '\\$&')
    .replace(/^([#+-]+ )/, '\\$1')
    .replace(/^(\d+)([.)] )/, '$1\\$2');
}
