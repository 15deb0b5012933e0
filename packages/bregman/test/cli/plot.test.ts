import assert from 'node:assert/strict';
import { chmod, cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { assertXml, texts } from '../plot/charts.js';
import { bregman, controlCharacters, small, workplace } from './bregman.js';

const isRoot = process.getuid?.() === 0;

/** A working folder with a finished run in `a`, and others that copy it. */
async function withRuns(t: TestContext, ...copies: readonly string[]): Promise<string> {
  const cwd = await workplace(t);
  const { code, stderr } = await bregman([...small, '--epochs', '2', '--out', 'a'], { cwd });
  assert.equal(code, 0, stderr);
  for (const name of copies) await cp(join(cwd, 'a'), join(cwd, name), { recursive: true });
  return cwd;
}

test('a run becomes a page with a figure of each metric', async (t) => {
  const cwd = await withRuns(t);
  const { code, stdout, stderr } = await bregman(['plot', 'a'], { cwd });
  assert.deepEqual([code, stdout, stderr], [0, 'drawn: plot.html\n', '']);
  const page = await readFile(join(cwd, 'plot.html'), 'utf8');
  const figures = Array.from(page.matchAll(/<figure id="([^"]*)"/g), ([, name]) => name);
  assert.deepEqual(figures, [
    'accuracy',
    'loss',
    'density',
    'layers',
    'regularizer',
    'lambda',
    'learning-rate',
    'seconds',
    'weights',
  ]);
  assert.match(page, /<td>a<\/td><td>linbreg<\/td>/);
});

test('a metric of several runs becomes a picture', async (t) => {
  const cwd = await withRuns(t, 'b');
  const args = ['plot', 'a', 'b/', '--metric', 'density', '--out'];
  assert.equal((await bregman([...args, 'density.svg'], { cwd })).code, 0);
  const svg = await readFile(join(cwd, 'density.svg'), 'utf8');
  await assertXml(svg);
  for (const text of ['a', 'b', 'density', 'epoch']) assert.ok(texts(svg).includes(text), text);
  assert.equal((await bregman([...args, 'density.PNG'], { cwd })).code, 0);
  const png = await readFile(join(cwd, 'density.PNG'));
  assert.equal(png.subarray(1, 4).toString(), 'PNG');
});

test('without a metric a picture shows accuracy', async (t) => {
  const cwd = await withRuns(t);
  assert.equal((await bregman(['plot', 'a', '--out', 'a.svg'], { cwd })).code, 0);
  assert.ok(texts(await readFile(join(cwd, 'a.svg'), 'utf8')).includes('accuracy'));
});

test('runs of the same name go by their paths', async (t) => {
  const cwd = await withRuns(t);
  for (const name of ['one', 'two']) {
    await cp(join(cwd, 'a'), join(cwd, name, 'a'), { recursive: true });
  }
  const args = ['plot', 'one/a', 'two/a', '--metric', 'loss', '--out', 'loss.svg'];
  assert.equal((await bregman(args, { cwd })).code, 0);
  const found = texts(await readFile(join(cwd, 'loss.svg'), 'utf8'));
  assert.deepEqual(found.slice(-4), ['one/a', 'one/a, training', 'two/a', 'two/a, training']);
});

test('layers of several runs are panels of a page, not one picture', async (t) => {
  const cwd = await withRuns(t, 'b');
  const args = ['plot', 'a', 'b', '--metric', 'layers', '--out'];
  const { code, stdout, stderr } = await bregman([...args, 'layers.svg'], { cwd });
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(
    stderr,
    /^bregman: --out layers.svg: .*name one run, or a file that ends in .html\n$/,
  );
  assert.equal((await bregman([...args, 'layers.html'], { cwd })).code, 0);
  const page = await readFile(join(cwd, 'layers.html'), 'utf8');
  assert.equal(page.match(/<figure /g)?.length, 2);
});

test('an unfinished run is drawn', async (t) => {
  const cwd = await withRuns(t);
  for (const name of [
    'summary.json',
    'last.safetensors',
    'best.safetensors',
    'state.safetensors',
  ]) {
    await rm(join(cwd, 'a', name));
  }
  const { code, stderr } = await bregman(['plot', 'a'], { cwd });
  assert.deepEqual([code, stderr], [0, '']);
  const page = await readFile(join(cwd, 'plot.html'), 'utf8');
  assert.equal(page.match(/<figure /g)?.length, 8);
});

test('damaged runs are named, one line each, and the rest is drawn', async (t) => {
  const cwd = await withRuns(t, 'torn', 'bad', 'new', 'bare', 'weights');
  const text = await readFile(join(cwd, 'a', 'metrics.jsonl'), 'utf8');
  await truncate(join(cwd, 'torn', 'metrics.jsonl'), text.length - 20);
  await writeFile(join(cwd, 'bad', 'metrics.jsonl'), '{"epoch":"\\u001b[31m"}\n');
  await writeFile(join(cwd, 'new', 'metrics.jsonl'), '');
  await rm(join(cwd, 'bare', 'metrics.jsonl'));
  await truncate(join(cwd, 'weights', 'last.safetensors'), 100);
  const runs = ['torn', 'bad', 'a', 'new', 'bare', 'weights', 'none'];
  const { code, stdout, stderr } = await bregman(['plot', ...runs], { cwd });
  assert.deepEqual([code, stdout], [0, 'drawn: plot.html\n']);
  const lines = stderr.trimEnd().split('\n');
  assert.deepEqual(controlCharacters(stderr), []);
  const expected = [
    /^bregman: torn.metrics.jsonl, line 2: no valid JSON/,
    /^bregman: bad.metrics.jsonl, line 1: epoch: /,
    /^bregman: new: no epoch has come to its end yet$/,
    /^bregman: cannot read bare.metrics.jsonl: no such file/,
    /^bregman: weights.last.safetensors: not a valid safetensors file/,
    /^bregman: cannot read none.config.json: no such file/,
  ];
  assert.equal(lines.length, expected.length, stderr);
  for (const [i, pattern] of expected.entries()) assert.match(lines[i], pattern);
  const page = await readFile(join(cwd, 'plot.html'), 'utf8');
  assert.match(page, /<h1>2 runs</);
  assert.equal(page.match(/<li>/g)?.length, expected.length);
});

test('nothing to draw is exit code 1 and no file', async (t) => {
  const cwd = await withRuns(t);
  await rm(join(cwd, 'a', 'last.safetensors'));
  const failing: readonly [args: readonly string[], message: RegExp][] = [
    [['none'], /none.config.json: no such file.*\nbregman: there is no run to draw\n$/],
    [['a', '--metric', 'weights'], /^bregman: no run has what weights shows\n$/],
  ];
  for (const [args, message] of failing) {
    const { code, stdout, stderr } = await bregman(['plot', ...args], { cwd });
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, message);
  }
  assert.deepEqual((await readdir(cwd)).sort(), ['a', 'data']);
});

test('wrong usage of plot is exit code 2 and one line', async (t) => {
  const cwd = await workplace(t);
  const wrong: readonly [args: readonly string[], message: RegExp][] = [
    [[], /missing required argument 'run'/],
    [['a', '--metric', 'acuracy'], /'acuracy' is invalid. Allowed choices are accuracy, loss/],
    [['a', '--out', 'a.pdf'], /--out a.pdf: its name must end in .svg, .png or .html/],
    [['a', '--out', 'svg'], /--out svg: its name must end in/],
  ];
  for (const [args, message] of wrong) {
    const { code, stdout, stderr } = await bregman(['plot', ...args], { cwd });
    assert.deepEqual([code, stdout, stderr.split('\n').length], [2, '', 2]);
    assert.match(stderr, message);
  }
});

test('a picture that cannot be written is one line and leaves nothing', async (t) => {
  const cwd = await withRuns(t);
  const { code, stderr } = await bregman(['plot', 'a', '--out', 'none/a.svg'], { cwd });
  assert.equal(code, 1);
  assert.match(stderr, /^bregman: cannot write none.a.svg: no such file or folder\n$/);
  await t.test(
    'in a folder without permission',
    { skip: isRoot && 'root may write everywhere' },
    async () => {
      await mkdir(join(cwd, 'locked'));
      await chmod(join(cwd, 'locked'), 0o500);
      const locked = await bregman(['plot', 'a', '--out', 'locked/a.svg'], { cwd });
      assert.deepEqual([locked.code, await readdir(join(cwd, 'locked'))], [1, []]);
      assert.match(locked.stderr, /permission denied/);
    },
  );
});
