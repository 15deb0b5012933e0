import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Chart } from '#lib/plot/index.js';
import { type Report, writeReport } from '#lib/report/index.js';
import { temporaryFolder } from '../../../core/test/train/toy.js';
import { assertXml, lines, series } from '../plot/charts.js';

const hostile = '<i> & "q" | *b* _c_ `d` [e](f)';

function report(changes: Partial<Report> = {}): Report {
  return {
    name: 'demo',
    title: 'A report',
    summary: ['What it shows.', 'What came out.'],
    warnings: [],
    tables: [
      {
        title: 'Accuracy',
        columns: [{ name: 'method' }, { name: 'test', align: 'right' }],
        rows: [
          ['LinBreg', '97.1 %'],
          ['SGD', '97.9 %'],
        ],
        notes: ['Mean over 3 seeds.'],
      },
    ],
    figures: [
      { name: 'accuracy', caption: 'Over epochs.', chart: lines([series('a', [1, 2])]) },
      { name: 'density', caption: 'Also over epochs.', chart: lines([series('b', [1, 2])]) },
    ],
    provenance: [['command', 'bregman reproduce demo']],
    ...changes,
  };
}

/** Writes a report and reads both pages. */
async function written(t: Parameters<typeof temporaryFolder>[0], changes: Partial<Report> = {}) {
  const folder = join(await temporaryFolder(t), 'new', 'folder');
  const { html, markdown } = await writeReport(report(changes), folder);
  return {
    folder,
    html: await readFile(html, 'utf8'),
    markdown: await readFile(markdown, 'utf8'),
  };
}

test('a report is two pages and a file for each figure', async (t) => {
  const { folder } = await written(t);
  const files = ['accuracy.svg', 'density.svg', 'report.html', 'report.md'];
  assert.deepEqual((await readdir(folder)).sort(), files);
});

test('the page holds everything and needs nothing', async (t) => {
  const { folder, html } = await written(t, { warnings: ['Seed 2 is missing.'] });
  for (const name of ['accuracy', 'density']) {
    const svg = await readFile(join(folder, `${name}.svg`), 'utf8');
    await assertXml(svg);
    assert.ok(html.includes(svg.slice(svg.indexOf('<rect'))), name);
  }
  assert.doesNotMatch(html, /<script|<link|<img|https?:(?!\/\/www\.w3\.org\/)/);
  const order = [
    '<h1>A report',
    'Seed 2 is missing.',
    'What it shows.',
    'What came out.',
    '<h2>Accuracy',
    '97.1\u00a0%',
    'Mean over 3 seeds.',
    'Over epochs.',
    'bregman reproduce demo',
  ];
  const places = order.map((text) => html.indexOf(text, html.indexOf('<body>')));
  assert.ok(!places.includes(-1));
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
});

test('the Markdown twin says the same', async (t) => {
  const { markdown } = await written(t, { warnings: ['Seed 2 is missing.'] });
  assert.equal(
    markdown,
    `# A report

> [!WARNING]
> - Seed 2 is missing.

What it shows.

What came out.

## Accuracy

| method | test |
| --- | ---: |
| LinBreg | 97.1 % |
| SGD | 97.9 % |

Mean over 3 seeds.

![Over epochs.](accuracy.svg)

Over epochs.

![Also over epochs.](density.svg)

Also over epochs.

## How it was made

- command: bregman reproduce demo
`,
  );
});

test('any text is shown as it is', async (t) => {
  const { html, markdown } = await written(t, {
    title: hostile,
    summary: [hostile, '- 1\n# 2', '3. 4'],
    warnings: [hostile],
    tables: [
      { title: hostile, columns: [{ name: hostile }], rows: [[hostile], []], notes: [hostile] },
    ],
    figures: [{ name: 'a', caption: hostile, chart: lines([series(hostile, [1])]) }],
    provenance: [[hostile, hostile]],
  });
  assert.ok(!html.includes('<i>'));
  assert.equal(html.match(/&lt;i&gt; &amp; /g)?.length, 13);
  const escaped = '\\<i\\> \\& "q" \\| \\*b\\* \\_c\\_ \\`d\\` \\[e\\](f)';
  assert.equal(markdown.split(escaped).length - 1, 11);
  assert.doesNotMatch(markdown, /[^\\]<i/);
  assert.match(markdown, /^\\- 1 # 2$/m);
  assert.match(markdown, /^3\\\. 4$/m);
  assert.match(markdown, /^\| {2}\|$/m);
});

/** The text of each table's head, and of the cells of its first row. */
function tablesOf(html: string): { head: string[]; first: string[] }[] {
  const cells = (text: string, tag: string) =>
    [...text.matchAll(new RegExp(`<${tag}[^>]*>(.*?)</${tag}>`, 'g'))].map(([, cell]) =>
      cell.replaceAll('\u00a0', ' ').replace(/<[^>]*>/g, ''),
    );
  return [...html.matchAll(/<table>(.*?)<\/table>/gs)].map(([, table]) => {
    const [, row] = table.match(/<tbody>\n<tr>(.*?)<\/tr>/s)!;
    return { head: cells(table, 'th'), first: cells(row, 'td') };
  });
}

test('a table that no telephone has room for is there once more in bands of columns', async (t) => {
  const names = ['run', 'test accuracy', 'validation accuracy', 'density', 'J', 'time', 'seeds'];
  const columns = names.map((name) => ({ name }));
  const row = ['LinBreg', '97.2 ± 0.2 %', '96.8 ± 0.4 %', '8.79 ± 0.32 %', '7.2e-7', '12 s', '3'];
  const { html } = await written(t, {
    tables: [
      { title: 'Wide', columns, rows: [row] },
      { title: 'Narrow', columns: columns.slice(0, 2), rows: [row.slice(0, 2)] },
    ],
  });
  const [whole, ...rest] = tablesOf(html);
  const narrow = rest.pop();
  assert.deepEqual(whole, { head: names, first: row });
  assert.deepEqual(narrow, { head: names.slice(0, 2), first: row.slice(0, 2) });
  assert.ok(rest.length > 1);
  for (const { head, first } of rest) assert.deepEqual([head[0], first[0]], ['run', 'LinBreg']);
  assert.deepEqual(
    rest.flatMap(({ head }) => head.slice(1)),
    names.slice(1),
  );
  assert.deepEqual(
    rest.flatMap(({ first }) => first.slice(1)),
    row.slice(1),
  );
  // One width decides which of both is shown.
  const [, width] = html.match(/<div class="whole-(\d+)"><table>/)!;
  assert.ok(html.includes(`<div class="bands-${width}"><table>`));
  assert.ok(html.includes(`@media (max-width: ${width}rem)`));
  assert.equal(html.match(/@media \(max-width: \d+rem\) \{\n\.whole/g)?.length, 1);
});

test('no line ends within a number and its unit', async (t) => {
  const { html } = await written(t, {
    tables: [
      {
        title: 'a',
        columns: [{ name: 'run' }],
        rows: [['λ = 0.1, 97.2 ± 0.2 %, 7.2e-5, two words']],
      },
    ],
  });
  const held =
    'λ\u00a0=\u00a00.1, 97.2 ±\u00a00.2\u00a0%, <span class="number">7.2e-5</span>, two words';
  assert.ok(html.includes(`<td>${held}</td>`));
});

test('a caption with $& is text like any other', async (t) => {
  const [whole] = report().figures;
  const { html } = await written(t, { figures: [{ ...whole, caption: 'from $& to $1' }] });
  assert.ok(html.includes('<svg role="img" aria-label="from $&amp; to $1" '));
});

test('a figure that cannot be drawn is a warning, the rest is there', async (t) => {
  const broken = { kind: 'lines' } as Chart;
  const [whole] = report().figures;
  const { folder, html, markdown } = await written(t, {
    figures: [{ name: 'broken', caption: 'No.', chart: broken }, whole],
  });
  assert.match(html, /<li>figure broken could not be drawn: /);
  assert.match(markdown, /^> - figure broken could not be drawn: /m);
  assert.doesNotMatch(markdown, /broken\.svg/);
  assert.ok((await readdir(folder)).includes('accuracy.svg'));
});

test('a folder that cannot be made is an error for people', async (t) => {
  const file = join(await temporaryFolder(t), 'file');
  await writeFile(file, '');
  await assert.rejects(writeReport(report(), join(file, 'report')), {
    name: 'UserError',
    message: /^cannot write .*file.report: a part of the path is a file/,
  });
});
