import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { UserError } from '@bregman/core/files';
import { makeFolder } from '#lib/files/index.js';
import { main, small, workplace } from '../cli/bregman.js';
import { toyInput } from '../reproduce/toy.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bregman-folder-'));
});
after(() => rm(folder, { recursive: true }));

test('a folder is made with those above it, and may be there already', async () => {
  const path = join(folder, 'a', 'b', 'c');
  await makeFolder(path);
  await writeFile(join(path, 'x'), '');
  await makeFolder(path);
  assert.deepEqual(await readdir(path), ['x']);
  await symlink(path, join(folder, 'link'));
  await makeFolder(join(folder, 'link', 'd'));
  assert.ok((await stat(join(path, 'd'))).isDirectory());
  await Promise.all(Array.from({ length: 8 }, () => makeFolder(join(folder, 'race', 'e', 'f'))));
});

test('a file in the way, a link to nowhere, a name too long are named', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  await symlink(join(folder, 'nowhere'), join(folder, 'dangling'));
  const long = join(folder, 'x'.repeat(300));
  const failing: [path: string, reason: string][] = [
    [file, 'a file of that name is in the way'],
    [join(file, 'below'), 'a part of the path is a file, not a folder'],
    [join(folder, 'dangling'), 'a file of that name is in the way'],
    [long, 'the name is too long'],
  ];
  for (const [path, reason] of failing) {
    await assert.rejects(makeFolder(path), new UserError(`cannot write ${path}: ${reason}`));
  }
});

/** Runs Node for at most half a minute: the fault would have it run for ever. */
function runNode(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, signal, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 30_000,
    killSignal: 'SIGKILL',
    env: { ...process.env, ...env },
  });
  return { status, signal, stderr };
}

test('where no folder can be made, every command says so and ends', {
  skip: !existsSync('/proc/self') && 'there is no /proc',
}, async (t) => {
  const cwd = await workplace(t);
  const line = 'bregman: cannot write /proc/none: /proc takes no new folders\n';
  const data = `data=${JSON.stringify(join(cwd, 'data'))}`;
  const training = [main, ...small, '--set', data, '--out', '/proc/none/run'];
  assert.deepEqual(runNode(training), { status: 1, signal: null, stderr: line });

  const experiment = join(cwd, 'toy.json');
  await writeFile(experiment, JSON.stringify(toyInput(join(cwd, 'data'))));
  const reproducing = runNode([main, 'reproduce', experiment, '--out', '/proc/none']);
  assert.deepEqual(reproducing, { status: 1, signal: null, stderr: line });
});

test('a cache that cannot be made ends a download, and is done without for images', {
  skip: !existsSync('/proc/self') && 'there is no /proc',
}, async (t) => {
  const cwd = await workplace(t);
  const env = { BREGMAN_CACHE: '/proc/none' };
  const program = (code: string) => ['--input-type=module', '--eval', code];
  const lib = (name: string) => JSON.stringify(import.meta.resolve(`#lib/${name}/index.js`));
  const file = { name: 'x', url: 'http://localhost:1/x', bytes: 1, sha256: '' };
  const download = `
    import { cacheFolder, download } from ${lib('data')};
    await download(${JSON.stringify(file)}, cacheFolder()).catch(({ message }) => console.error(message));
  `;
  const expected = 'cannot write /proc/none: /proc takes no new folders\n';
  assert.deepEqual(runNode(program(download), env), { status: 0, signal: null, stderr: expected });

  for (const name of ['a', 'b']) {
    await mkdir(join(cwd, 'photos', name), { recursive: true });
    for (const shade of [0, 255]) await picture(join(cwd, 'photos', name, `${shade}.png`), shade);
  }
  const images = `
    import { loadDataset } from ${lib('data')};
    const { train, test } = await loadDataset(${JSON.stringify(join(cwd, 'photos'))});
    console.error(train.count + test.count);
  `;
  assert.deepEqual(runNode(program(images), env), { status: 0, signal: null, stderr: '4\n' });
});

async function picture(path: string, shade: number): Promise<void> {
  const { default: sharp } = await import('sharp');
  const background = { r: shade, g: shade, b: shade };
  await sharp({ create: { width: 4, height: 4, channels: 3, background } })
    .png()
    .toFile(path);
}
