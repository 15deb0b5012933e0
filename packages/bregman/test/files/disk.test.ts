import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileError, UserError } from '@bregman/core/files';
import { readBytes, writeAtomic } from '#lib/files/index.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bregman-files-'));
});
after(() => rm(folder, { recursive: true }));

test('a file is written whole, replaces the old one, and leaves nothing beside it', async () => {
  const path = join(folder, 'whole');
  await writeAtomic(path, 'old');
  await writeAtomic(path, Uint8Array.of(1, 2, 3));
  assert.deepEqual(await readBytes(path), Uint8Array.of(1, 2, 3));
  await writeAtomic(path, [Uint8Array.of(4, 5), new Uint8Array(0), Uint8Array.of(6)]);
  assert.deepEqual(await readBytes(path), Uint8Array.of(4, 5, 6));
  assert.deepEqual(await readdir(folder), ['whole']);
});

test('an error names the path and leaves no temporary file', async () => {
  const missing = join(folder, 'missing', 'x');
  await assert.rejects(
    writeAtomic(missing, ''),
    new UserError(`cannot write ${missing}: no such file or folder`),
  );
  const taken = join(folder, 'taken');
  await mkdir(taken);
  await assert.rejects(writeAtomic(taken, ''), UserError);
  assert.deepEqual((await readdir(folder)).sort(), ['taken', 'whole']);
  await assert.rejects(
    readBytes(taken),
    new UserError(`cannot read ${taken}: it is a folder, not a file`),
  );
});

test('a read-only folder is named and the old file kept', {
  skip: process.getuid?.() === 0 && 'root may write everywhere',
}, async () => {
  const locked = join(folder, 'locked');
  await mkdir(locked);
  await writeFile(join(locked, 'x'), 'old');
  await chmod(locked, 0o555);
  await assert.rejects(writeAtomic(join(locked, 'x'), 'new'), /permission denied/);
  await chmod(locked, 0o755);
  assert.equal(await readFile(join(locked, 'x'), 'utf8'), 'old');
});

test('errors of the system become one line, others stay as they are', () => {
  const full = Object.assign(new Error('ENOSPC: …'), { code: 'ENOSPC' });
  assert.deepEqual(
    fileError(full, 'write', 'a.bin'),
    new UserError('cannot write a.bin: the disk is full', { cause: full }),
  );
  const bug = new TypeError('bug');
  assert.equal(fileError(bug, 'read', 'a.bin'), bug);
});
