import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { decodeSafetensors, encodeSafetensors } from '@bregman/core/files';
import { stream } from '@bregman/core/math';
import { openModel } from '@bregman/core/train';
import sharp from 'sharp';
import { readInputs } from '#lib/data/index.js';
import { readBytes } from '#lib/files/index.js';
import { evaluateModel, openModelFile } from '#lib/runs/index.js';
import { temporaryFolder } from '../../../core/test/train/toy.js';
import { bregman, controlCharacters, jsonLines, small, workplace } from './bregman.js';

const classes = { dark: 40, grey: 130, 'very bright': 220 };
const SIDE = 6;

/** Pixels around one shade, as a PNG. */
async function picture(path: string, shade: number, seed: number, colour = false): Promise<void> {
  const random = stream(seed, path.length, shade);
  const channels = colour ? 3 : 1;
  const pixels = Uint8Array.from(
    { length: SIDE * SIDE * channels },
    () => shade + random.below(30),
  );
  await sharp(pixels, { raw: { width: SIDE, height: SIDE, channels } })
    .png()
    .toFile(path);
}

/** A folder of classes with so many pictures each. */
async function photos(
  folder: string,
  names: readonly (keyof typeof classes)[],
  count: number,
  colour = false,
): Promise<void> {
  for (const name of names) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < count; i++) {
      await picture(join(folder, name, `${i}.png`), classes[name], i, colour);
    }
  }
}

const all = Object.keys(classes) as (keyof typeof classes)[];

/** A model trained on shades of grey, or of colours, all by itself: run and data are gone. */
async function loneModel(t: TestContext, colour = false): Promise<string> {
  const cwd = await temporaryFolder(t);
  const env = { BREGMAN_CACHE: join(cwd, 'cache') };
  await photos(join(cwd, 'photos'), all, 30, colour);
  const settings = ['data="./photos"', 'validation=9', 'model.hidden=[8]', 'batchSize=8'];
  const args = ['train', 'mnist-mlp', ...settings.flatMap((each) => ['--set', each])];
  const start = ['--set', 'start={"density":0.5,"gain":2}'];
  const { code, stderr } = await bregman(
    [...args, ...start, '--epochs', '12', '--threads', '1', '--out', 'run'],
    { cwd, env },
  );
  assert.equal(code, 0, stderr);
  await rename(join(cwd, 'run', 'last.safetensors'), join(cwd, 'model.safetensors'));
  await Promise.all(
    ['run', 'photos', 'cache'].map((each) => rm(join(cwd, each), { recursive: true })),
  );
  return cwd;
}

test('one file, moved to where no data are, tells images apart by the folders’ names', async (t) => {
  const cwd = await loneModel(t);
  await picture(join(cwd, 'night.png'), 42, 1);
  await picture(join(cwd, 'snow.png'), 223, 2);
  const files = ['night.png', 'snow.png'];
  const told = await bregman(['predict', 'model.safetensors', ...files], { cwd });
  assert.deepEqual([told.code, told.stderr], [0, '']);
  const [night, snow, ...rest] = told.stdout.split('\n');
  assert.match(
    night,
    /^night\.png: dark \d+\.\d\d %, (grey|very bright) .* %, (grey|very bright) .* %$/,
  );
  assert.match(snow, /^snow\.png: very bright /);
  assert.deepEqual(rest, ['']);

  const json = await bregman(['predict', 'model.safetensors', ...files, '--json', '--top', '2'], {
    cwd,
  });
  const lines = jsonLines(json.stdout) as { file: string; classes: { name: string }[] }[];
  assert.deepEqual(
    lines.map(({ file }) => file),
    files,
  );
  assert.deepEqual(
    lines.map((line) => line.classes.length),
    [2, 2],
  );
  assert.deepEqual(
    lines.map((line) => line.classes[0].name),
    ['dark', 'very bright'],
  );
  assert.equal(JSON.stringify(Object.keys(lines[0].classes[0])), '["label","name","probability"]');

  // The same in a program, from bytes.
  const model = await openModel(await readBytes(join(cwd, 'model.safetensors')), { threads: 1 });
  const inputs = await readInputs(join(cwd, 'night.png'), model.description.shape);
  assert.deepEqual(await model.classify(inputs, 2), [lines[0].classes]);
  model.close();
  assert.deepEqual(model.description.shape, [1, SIDE, SIDE]);
  assert.equal(model.description.data, 'photos');
});

test('one file scores on any data: classes meet by their names, not by their numbers', async (t) => {
  const cwd = await loneModel(t);
  // Of three classes two, which such a folder numbers 0 and 1.
  await photos(join(cwd, 'new'), ['grey', 'very bright'], 10);
  const scored = await bregman(
    ['eval', 'model.safetensors', '--data', 'new', '--split', 'train', '--json'],
    { cwd, env: { BREGMAN_CACHE: join(cwd, 'cache') } },
  );
  assert.equal(scored.code, 0, scored.stderr);
  assert.equal(JSON.parse(scored.stdout).accuracy, 1);

  await rename(join(cwd, 'new', 'grey'), join(cwd, 'new', 'gray'));
  const env = { BREGMAN_CACHE: join(cwd, 'cache') };
  const failing: [args: string[], message: RegExp][] = [
    [['--data', 'new'], /^bregman: new: class "gray" is none of the network's: "dark", "grey"/],
    [[], /model.safetensors: it was trained on photos; say which data .* \(--data\)/],
    [['--data', 'mnist'], /mnist: class "0" is none of the network's/],
    [['--data', 'none'], /no data set or folder "none"/],
  ];
  for (const [args, message] of failing) {
    const { code, stderr, stdout } = await bregman(['eval', 'model.safetensors', ...args], {
      cwd,
      env,
    });
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^bregman: .*\n$/);
    assert.match(stderr, message);
  }
  await rename(join(cwd, 'new', 'gray'), join(cwd, 'new', 'grey'));
  const held = ['eval', 'model.safetensors', '--data', 'new', '--split', 'validation'];
  assert.match(
    (await bregman(held, { cwd, env })).stderr,
    /validation: the data have no such samp/,
  );
});

test('the samples of an IDX file, gzipped or not, come with their numbers', async (t) => {
  const cwd = await workplace(t);
  const { code, stderr } = await bregman([...small, '--epochs', '5', '--out', 'run'], { cwd });
  assert.equal(code, 0, stderr);
  const images = join('data', 't10k-images-idx3-ubyte');
  await writeFile(join(cwd, 'x.gz'), gzipSync(await readBytes(join(cwd, images))));
  const found = await bregman(['predict', 'run', images, 'x.gz', '--top', '1', '--json'], { cwd });
  const lines = jsonLines(found.stdout) as {
    file: string;
    index: number;
    classes: [{ label: number; name: string }];
  }[];
  assert.equal(lines.length, 100);
  assert.deepEqual([lines[49].file, lines[49].index], [images, 49]);
  assert.deepEqual(
    lines.slice(50),
    lines.slice(0, 50).map((line) => ({ ...line, file: 'x.gz' })),
  );
  // The labels go round; what the network gets right is its accuracy.
  const hits = lines.slice(0, 50).filter(({ index, classes: [{ label }] }) => label === index % 4);
  assert.equal(hits.length / 50, (await evaluateModel(join(cwd, 'run'))).accuracy);
  assert.ok(hits.length > 35);
});

test('a model of a run scores the same on its data given as others', async (t) => {
  const cwd = await workplace(t);
  const { code } = await bregman([...small, '--epochs', '1', '--out', 'run'], { cwd });
  assert.equal(code, 0);
  const own = await evaluateModel(join(cwd, 'run'));
  await rename(join(cwd, 'data'), join(cwd, 'moved'));
  const there = await evaluateModel(join(cwd, 'run'), { data: join(cwd, 'moved') });
  assert.equal(there.accuracy, own.accuracy);
  assert.ok(Math.abs(there.loss - own.loss) < 1e-9);
  await assert.rejects(evaluateModel(join(cwd, 'run')), /no data set or folder/);
  const model = await openModelFile(join(cwd, 'run'), { threads: 1 });
  model.close();
});

test('what restores images answers with values', async (t) => {
  const cwd = await workplace(t);
  const task = ['--set', 'task={"kind":"denoise"}', '--set', 'loss=squared-error'];
  const args = [...small, ...task, '--epochs', '1', '--out', 'run'];
  const { code, stderr } = await bregman(args, { cwd });
  assert.equal(code, 0, stderr);
  const own = await evaluateModel(join(cwd, 'run'));
  await copyFile(join(cwd, 'run', 'last.safetensors'), join(cwd, 'model.safetensors'));
  const alone = await evaluateModel(join(cwd, 'model.safetensors'), { data: join(cwd, 'data') });
  assert.ok(Math.abs(own.loss - alone.loss) < 1e-9);

  const images = join('data', 't10k-images-idx3-ubyte');
  const told = await bregman(['predict', 'model.safetensors', images], { cwd });
  assert.match(
    told.stdout,
    /^data.*ubyte\[0\]: 64 values from \S+ to \S+ \(--json prints them\)\n/,
  );
  const json = await bregman(['predict', 'model.safetensors', images, '--json'], { cwd });
  const [{ outputs }] = jsonLines(json.stdout) as { outputs: number[] }[];
  assert.equal(outputs.length, 64);
});

test('a grey picture serves a network of colours, a coloured one no grey network', async (t) => {
  const grey = await loneModel(t);
  const coloured = await loneModel(t, true);
  const model = join(coloured, 'model.safetensors');
  await picture(join(coloured, 'grey.png'), 40, 1);
  const found = await bregman(['predict', model, 'grey.png', '--top', '1'], { cwd: coloured });
  assert.match(found.stdout, /^grey\.png: dark [\d.]+ %\n$/);
  await picture(join(grey, 'colour.png'), 40, 1, true);
  const refused = await bregman(['predict', 'model.safetensors', 'colour.png'], { cwd: grey });
  assert.deepEqual(
    [refused.code, refused.stderr],
    [1, 'bregman: colour.png: it is in colour, the network takes grey images\n'],
  );
});

test('files that cannot be predicted from are named, before anything is said', async (t) => {
  const cwd = await loneModel(t);
  await picture(join(cwd, 'good.png'), 40, 1);
  await sharp({ create: { width: 7, height: 5, channels: 3, background: 'red' } })
    .jpeg()
    .toFile(join(cwd, 'large.jpg'));
  await writeFile(join(cwd, 'text.png'), 'no picture');
  await writeFile(join(cwd, 'empty.png'), '');
  await writeFile(join(cwd, 'cut.png'), (await readBytes(join(cwd, 'good.png'))).slice(0, 60));
  const idx = Buffer.from([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4]);
  await writeFile(join(cwd, 'small.idx'), idx);
  await writeFile(join(cwd, 'cut.idx'), idx.subarray(0, 18));
  const bytes = await readBytes(join(cwd, 'model.safetensors'));
  const { tensors, metadata } = decodeSafetensors(bytes, 'x');
  await writeFile(join(cwd, 'bare.safetensors'), encodeSafetensors(tensors));
  const hostile = { bregman: metadata.bregman.replace('"dark"', '"\\u001b[31mdark","x"') };
  await writeFile(join(cwd, 'hostile.safetensors'), encodeSafetensors(tensors, hostile));
  const model = 'model.safetensors';
  const failing: [args: string[], message: RegExp][] = [
    [[model, 'good.png', 'none.png'], /cannot read none\.png: no such file/],
    [
      [model, 'good.png', 'large.jpg'],
      /large\.jpg: it has 7 × 5 pixels \(width × height\), the network takes 6 × 6/,
    ],
    [[model, 'text.png'], /text\.png: cannot decode: /],
    [[model, 'empty.png'], /empty\.png: /],
    [[model, 'cut.png'], /cut\.png: cannot decode: /],
    [[model, 'small.idx'], /small\.idx: its samples are 2 × 2, the network takes 6 × 6/],
    [[model, 'cut.idx'], /cut\.idx: cut off/],
    [[model, '.'], /cannot read \.: it is a folder/],
    [['bare.safetensors', 'good.png'], /bare\.safetensors: there is no config\.json beside it/],
    [
      ['hostile.safetensors', 'good.png'],
      /hostile\.safetensors: metadata bregman: classNames: 4 names for the 3 outputs/,
    ],
    [['none', 'good.png'], /cannot read none: no such file/],
  ];
  for (const [args, message] of failing) {
    const { code, stdout, stderr } = await bregman(['predict', ...args], { cwd });
    assert.deepEqual([code, stdout], [1, ''], stderr);
    assert.match(stderr, /^bregman: .*\n$/);
    assert.match(stderr, message);
    assert.deepEqual(controlCharacters(stderr), []);
  }
  const named = { bregman: metadata.bregman.replace('"dark"', '"\\u001b[31mdark"') };
  await writeFile(join(cwd, 'named.safetensors'), encodeSafetensors(tensors, named));
  const shown = await bregman(['predict', 'named.safetensors', 'good.png'], { cwd });
  assert.deepEqual(controlCharacters(shown.stdout), []);
  assert.match(shown.stdout, /^good\.png: \?\[31mdark /);
  assert.equal((await bregman(['predict', model], { cwd })).code, 2);
  assert.equal((await bregman(['predict', model, 'good.png', '--top', '0'], { cwd })).code, 2);
  assert.ok((await readdir(cwd)).every((name) => !name.endsWith('.tmp')));
});
