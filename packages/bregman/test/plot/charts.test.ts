import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Chart, renderPng, renderSvg } from '#lib/plot/index.js';
import { assertXml, lines, marks, picture, series, texts } from './charts.js';

const hostile = `<b a='1'>&"x"</b> \u0001\ud800 é`;
const shown = `<b a='1'>&"x"</b> \ufffd\ufffd é`;

/** A chart of each kind, with this text wherever there is one. */
function charts(text: string): readonly Chart[] {
  const axis = { label: text };
  const data = [
    { ...series(text, [1, 2]), points: [{ x: 1, y: 1, low: 0.5, high: 2, label: text }] },
    series('b', [2, 1], { isReference: true }),
  ];
  return [
    { kind: 'lines', x: axis, y: axis, series: data },
    { kind: 'points', x: axis, y: axis, series: data },
    { kind: 'heatmap', x: axis, rows: [text], columns: [1, 2], values: [[1, 2]], value: axis },
    { kind: 'bars', y: axis, groups: [text, 'b'], series: [{ name: text, values: [1, 2] }] },
    { kind: 'images', rows: [{ name: text, images: [picture(3, 3, 0.5)] }] },
  ];
}

for (const chart of charts(hostile)) {
  test(`${chart.kind}: any text is escaped, and well-formed XML`, async () => {
    const svg = await renderSvg(chart, { title: hostile });
    await assertXml(svg);
    // The title, and one for each place in the chart.
    const places = { lines: 4, points: 4, heatmap: 3, bars: 3, images: 1 }[chart.kind];
    assert.equal(texts(svg).filter((each) => each.trim() === shown).length, 1 + places);
  });

  test(`${chart.kind}: the same chart is the same bytes, whatever was drawn before`, async () => {
    const [first] = await Promise.all([chart, ...charts('other')].map((each) => renderSvg(each)));
    assert.equal(await renderSvg(chart), first);
  });

  test(`${chart.kind}: needs nothing from outside and lies on white`, async () => {
    const svg = await renderSvg(chart, { title: 'title' });
    const addresses = Array.from(
      svg.matchAll(/href="([^"]{0,15})|url\(([^)]{0,15})/g),
      ([, a, b]) => a ?? b,
    );
    assert.ok(
      addresses.every((each) => /^(data:image\/png|#chart-)/.test(each)),
      String(addresses),
    );
    assert.match(svg, /^<svg [^>]*><rect [^>]*fill="white"\/>/);
    assert.doesNotMatch(svg, /<(script|style|foreignObject)/);
  });
}

test('charts on one page share no id unless it means the same', async () => {
  const heatmap = (label: string): Chart => ({
    kind: 'heatmap',
    x: { label },
    rows: ['a'],
    columns: [1],
    values: [[1]],
    value: { label: 'v' },
  });
  const ids = async (chart: Chart): Promise<string[]> =>
    (await renderSvg(chart)).match(/ id="[^"]*"/g) ?? [];
  const one = await ids(heatmap('one'));
  const other = await ids(heatmap('other'));
  assert.ok(one.length > 0);
  assert.ok(one.every((id) => !other.includes(id)));
});

test('axes carry their labels, shares are per cent', async () => {
  const svg = await renderSvg(lines([series('run', [0.25, 0.75])], { percent: true }));
  for (const text of ['epoch', 'density', 'run', '1', '2', '30\u00a0%', '70\u00a0%']) {
    assert.ok(texts(svg).includes(text), text);
  }
  assert.ok(!texts(svg).includes('1.5'), 'epochs are whole');
});

test('a band is drawn around a series that has one', async () => {
  const points = [1, 2, 3].map((x) => ({ x, y: x, low: x - 1, high: x + 1 }));
  const chart = lines([{ name: 'band', points }, series('none', [1, 2, 3])]);
  const [area, ...others] = marks(await renderSvg(chart), 'area');
  assert.match(area, /fill="#0072b2" fill-opacity="0.15"/);
  assert.deepEqual(others, []);
});

test('a deviation that is no number is no band', async () => {
  const points = [1, 2].map((x) => ({ x, y: x, low: Number.NaN, high: Number.NaN }));
  const svg = await renderSvg(lines([{ name: 'one seed', points }]));
  assert.equal(svg, await renderSvg(lines([series('one seed', [1, 2])])));
});

test('references are dashed lines and hollow points', async () => {
  const data = [series('ours', [1, 2]), series('paper', [2, 3], { isReference: true })];
  const [ours, paper] = marks(await renderSvg(lines(data)), 'line');
  assert.doesNotMatch(ours, /dasharray/);
  assert.match(paper, /stroke-dasharray="6,4"/);
  const axis = { label: 'x' };
  const svg = await renderSvg({ kind: 'points', x: axis, y: axis, series: data });
  const fills = marks(svg, 'symbol').map((each) => /fill="([^"]*)"/.exec(each)?.[1]);
  assert.deepEqual(fills, ['#0072b2', '#0072b2', 'white', 'white']);
});

test('a series takes the colour of another, thinner', async () => {
  const data = [
    series('a', [1, 2]),
    series('b', [2, 3]),
    series('a, training', [3, 4], { colorOf: 'a' }),
  ];
  const drawn = marks(await renderSvg(lines(data)), 'line');
  const looks = drawn.map((each) => /stroke="([^"]*)" stroke-width="([^"]*)"/.exec(each)?.slice(1));
  assert.deepEqual(looks, [
    ['#0072b2', '2'],
    ['#d55e00', '2'],
    ['#0072b2', '1.2'],
  ]);
});

test('more series than colours can still be told apart', async () => {
  const data = Array.from({ length: 10 }, (_, i) => series(`run ${i}`, [i, i + 1]));
  const drawn = marks(await renderSvg(lines(data)), 'line');
  const looks = drawn.map((each) => each.replace(/ d="[^"]*"/, ''));
  assert.equal(new Set(looks).size, data.length);
});

test('a missing point breaks the line', async () => {
  const [line] = marks(await renderSvg(lines([series('a', [1, Number.NaN, 3, 2])])), 'line');
  assert.doesNotMatch(line, /NaN/);
  assert.equal(line.match(/M/g)?.length, 2);
});

test('a logarithmic axis drops what is not positive and keeps the band above its end', async () => {
  const points = [0, 0.01, 0.1, 1].map((y, i) => ({ x: i + 1, y, low: y - 0.02, high: y + 0.02 }));
  const svg = await renderSvg(lines([{ name: 'a', points }], { scale: 'log', percent: true }));
  assert.doesNotMatch(svg, /NaN|Infinity/);
  assert.equal(marks(svg, 'symbol').length, 3);
  for (const text of ['1\u00a0%', '10\u00a0%', '100\u00a0%'])
    assert.ok(texts(svg).includes(text), text);
});

test('a logarithmic axis of values close together still has ticks', async () => {
  const svg = await renderSvg(lines([series('a', [0.031, 0.042])], { scale: 'log' }));
  assert.deepEqual(
    texts(svg).filter((text) => text.startsWith('0.0')),
    ['0.02', '0.05'],
  );
});

test('nothing to draw is an empty chart', async () => {
  const axis = { label: 'x' };
  const empty: readonly Chart[] = [
    lines([]),
    lines([series('none', [Number.NaN, Infinity])]),
    lines([series('zeros', [0, 0])], { scale: 'log' }),
    { kind: 'points', x: { ...axis, scale: 'log' }, y: axis, series: [] },
    { kind: 'heatmap', x: axis, rows: [], columns: [], values: [], value: axis },
    { kind: 'heatmap', x: axis, rows: ['a'], columns: [1], values: [[Number.NaN]], value: axis },
    { kind: 'bars', y: axis, groups: [], series: [] },
    { kind: 'images', rows: [] },
  ];
  for (const chart of empty) {
    const svg = await renderSvg(chart);
    await assertXml(svg);
    assert.doesNotMatch(svg, /NaN|Infinity/);
  }
});

test('a heat map has a cell for each value, grey where it is missing', async () => {
  const values = [
    [0.1, 0.2, 0.4],
    [0, Number.NaN],
  ];
  const rows = ['fc1', 'fc2'];
  const value = { label: 'density', percent: true, scale: 'log' } as const;
  const svg = await renderSvg({
    kind: 'heatmap',
    x: { label: 'epoch' },
    rows,
    columns: [1, 2, 4],
    values,
    value,
  });
  const fills = marks(svg, 'rect').map((each) => /fill="([^"]*)"/.exec(each)?.[1]);
  assert.equal(fills.length, 6);
  assert.deepEqual(fills.slice(3), ['white', '#dddddd', '#dddddd']);
  assert.equal(new Set(fills.slice(0, 3)).size, 3);
  for (const text of ['fc1', 'fc2', '4', '10\u00a0%', '50\u00a0%'])
    assert.ok(texts(svg).includes(text), text);
});

test('bars have the heights of their values', async () => {
  const svg = await renderSvg({
    kind: 'bars',
    y: { label: 'rows alive' },
    groups: ['fc1', 'fc2'],
    series: [
      { name: 'ours', values: [10, 20] },
      { name: 'reference', values: [5, Number.NaN] },
    ],
  });
  const heights = marks(svg, 'rect').map((each) => Number(/v(-?[\d.]+)/.exec(each)?.[1]));
  assert.equal(heights.length, 3);
  assert.ok(Math.abs(heights[1] / heights[0] - 2) < 0.01, String(heights));
  assert.ok(Math.abs(heights[0] / heights[2] - 2) < 0.01, String(heights));
});

/** The pixels of the pictures in an SVG. */
async function pixelsOf(
  svg: string,
): Promise<{ width: number; at: (x: number, y: number) => number[] }[]> {
  const { default: sharp } = await import('sharp');
  const addresses = Array.from(svg.matchAll(/base64,([^"]*)"/g), ([, data]) => data);
  return Promise.all(
    addresses.map(async (data) => {
      const { data: bytes, info } = await sharp(Buffer.from(data, 'base64'))
        .raw()
        .toBuffer({ resolveWithObject: true });
      const start = (x: number, y: number) => (y * info.width + x) * info.channels;
      return { width: info.width, at: (x, y) => [...bytes.subarray(start(x, y), start(x, y) + 3)] };
    }),
  );
}

test('pictures are enlarged without smoothing', async () => {
  const data = Float32Array.of(0, 1, 0.5, 2);
  const images = [{ width: 2, height: 2, channels: 1 as const, data }];
  const svg = await renderSvg({ kind: 'images', rows: [{ name: 'a', images }] });
  assert.match(svg, /<image [^>]*pixelated/);
  const [{ width, at }] = await pixelsOf(svg);
  assert.ok(width >= 40);
  const half = width / 2;
  assert.deepEqual(
    [at(half - 1, 0), at(half, 0), at(half - 1, half), at(half, half)],
    [
      [0, 0, 0],
      [255, 255, 255],
      [127, 127, 127],
      [255, 255, 255],
    ],
  );
});

test('colours keep their order', async () => {
  const data = Float32Array.of(1, 0, 0, 0, 0, 1);
  const images = [{ width: 2, height: 1, channels: 3 as const, data }];
  const [{ width, at }] = await pixelsOf(
    await renderSvg({ kind: 'images', rows: [{ name: '', images }] }),
  );
  assert.deepEqual(
    [at(0, 0), at(width - 1, 0)],
    [
      [255, 0, 0],
      [0, 0, 255],
    ],
  );
});

test('diverging pictures are white at zero, and one scale holds for all', async () => {
  const weights = (...values: number[]) => ({
    width: values.length,
    height: 1,
    channels: 1 as const,
    isDiverging: true,
    data: Float32Array.from(values),
  });
  const images = [weights(-1, 0, 1), weights(-0.5, 0, 0)];
  const svg = await renderSvg({ kind: 'images', rows: [{ name: '', images }] });
  const [strong, weak] = await pixelsOf(svg);
  assert.deepEqual(strong.at(0, 0), [33, 102, 172]);
  assert.deepEqual(strong.at(strong.width >> 1, 0), [255, 255, 255]);
  assert.deepEqual(strong.at(strong.width - 1, 0), [178, 24, 43]);
  assert.deepEqual(weak.at(0, 0), [144, 178, 213]);
  assert.ok(texts(svg).some((text) => text.startsWith('weight')));
});

test('a row of many pictures goes on in the next line', async () => {
  const images = Array.from({ length: 23 }, () => picture(28, 28, 1));
  const svg = await renderSvg({ kind: 'images', rows: [{ name: '', images }] });
  const lines = new Set(
    Array.from(svg.matchAll(/<image [^>]*translate\([\d.]+,([\d.]+)\)/g), ([, y]) => y),
  );
  assert.equal(svg.match(/<image /g)?.length, 23);
  assert.equal(lines.size, 3);
});

test('a long title breaks into lines', async () => {
  const words = Array.from({ length: 30 }, (_, i) => `word${i}`);
  const svg = await renderSvg(lines([series('a', [1, 2])]), { title: words.join(' ') });
  const titles = texts(svg).filter((text) => text.startsWith('word'));
  assert.ok(titles.length > 1);
  assert.deepEqual(titles.join(' ').split(' '), words);
});

test('a PNG is twice as large as its SVG', async () => {
  const { default: sharp } = await import('sharp');
  const svg = await renderSvg(lines([series('a', [1, 2])]), { width: 500, height: 300 });
  const [, w, h] = /width="(\d+)" height="(\d+)"/.exec(svg)!.map(Number);
  assert.equal(w, 500);
  assert.ok(h > 300, 'axes and legend come on top');
  const { format, width, height } = await sharp(await renderPng(svg)).metadata();
  assert.deepEqual([format, width, height], ['png', 2 * w, 2 * h]);
});
