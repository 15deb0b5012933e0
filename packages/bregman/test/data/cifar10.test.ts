import assert from 'node:assert/strict';
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { UserError } from '@bregman/core/files';
import { packTar } from 'modern-tar';
import { loadCifar10, loadDataset } from '#lib/data/index.js';
import { temporaryFolder } from './temporary.js';

const FILES = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`).concat('test_batch.bin');
const BYTES = 10_000 * 3073;

const folder = temporaryFolder();
const refuses = (message: RegExp) =>
  assert.rejects(loadCifar10({ dir: folder.path }), (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    assert.ok(!error.message.includes('\n'));
    return true;
  });

/** The official files with zeros for all but the first image, which is `file number + 1` all over. */
async function writeFiles(at: string): Promise<void> {
  await mkdir(at, { recursive: true });
  for (const [i, name] of FILES.entries()) {
    await writeFile(join(at, name), new Uint8Array(3073).fill(i + 1));
    await truncate(join(at, name), BYTES);
  }
}

async function archive(names: readonly string[], bytes = BYTES): Promise<Uint8Array> {
  const body = (i: number) => {
    const content = new Uint8Array(bytes);
    return content.fill(i + 1, 0, 3073);
  };
  const tar = await packTar([
    { header: { name: 'cifar-10-batches-bin/', type: 'directory', size: 0 } },
    { header: { name: 'cifar-10-batches-bin/readme.html', size: 2 }, body: 'hi' },
    ...names.map((name, i) => ({
      header: { name: `cifar-10-batches-bin/${name}`, size: bytes },
      body: body(i),
    })),
  ]);
  return gzipSync(tar, { level: 1 });
}
const ARCHIVE = 'cifar-10-binary.tar.gz';

async function checkSet(): Promise<void> {
  const { train, test, ...facts } = await loadDataset('cifar10', { dir: folder.path });
  assert.deepEqual([train.count, test.count], [50_000, 10_000]);
  assert.deepEqual(
    [train.shape, test.shape],
    [
      [3, 32, 32],
      [3, 32, 32],
    ],
  );
  for (let i = 0; i < 5; i++) {
    const start = i * 10_000;
    const pixels = train.inputs.subarray(start * 3072, (start + 1) * 3072);
    assert.ok(pixels.every((value) => value === i + 1));
    assert.equal(train.inputs[(start + 1) * 3072], 0);
    assert.ok(train.targets.kind === 'classes');
    assert.deepEqual([...train.targets.labels.subarray(start, start + 2)], [i + 1, 0]);
  }
  assert.ok(test.targets.kind === 'classes' && test.targets.classes === 10);
  assert.deepEqual([test.targets.labels[0], test.inputs[0], test.inputs[3072]], [6, 6, 0]);
  assert.equal(facts.name, 'cifar10');
  assert.equal(facts.classNames?.[9], 'truck');
  assert.deepEqual(
    [facts.mean, facts.std],
    [
      [0.4914, 0.4822, 0.4465],
      [0.2023, 0.1994, 0.201],
    ],
  );
}

test('CIFAR-10 is read from its files', async () => {
  await writeFiles(folder.path);
  await checkSet();
});

test('CIFAR-10 is read from the folder that the archive makes', async () => {
  await writeFiles(join(folder.path, 'cifar-10-batches-bin'));
  await checkSet();
});

test('CIFAR-10 is read from the archive', async () => {
  const bytes = await archive(FILES);
  await writeFile(join(folder.path, ARCHIVE), bytes);
  await checkSet();

  const damaged = async (bytes: Uint8Array, message: RegExp) => {
    await writeFile(join(folder.path, ARCHIVE), bytes);
    await refuses(message);
  };
  const middle = bytes.length >> 1;
  await damaged(bytes.subarray(0, middle), /tar\.gz: cannot decompress: damaged or cut off$/);
  // Its checksum: within, another way to write the same zeros could come out.
  const checksum = bytes.length - 8;
  await damaged(
    bytes.with(checksum, bytes[checksum] ^ 0xff),
    /tar\.gz: cannot decompress: damaged or cut off$/,
  );
  await damaged(Buffer.from('Not Found'), /tar\.gz: cannot unpack: damaged or cut off$/);
  const half = gunzipSync(bytes).subarray(0, 3 * BYTES);
  await damaged(half, /tar\.gz: cannot unpack: damaged or cut off$/);
});

test('an archive of other contents is refused', async () => {
  await writeFile(join(folder.path, ARCHIVE), await archive([]));
  await refuses(/cifar-10-binary\.tar\.gz: there is no data_batch_1\.bin in it$/);
  await writeFile(join(folder.path, ARCHIVE), await archive(FILES, 3073));
  await refuses(
    /tar\.gz: data_batch_1\.bin: cut off: 3073 bytes where 10000 images take 30730000$/,
  );
});

test('truncated, oversized and missing files are refused by name', async () => {
  await writeFiles(folder.path);
  const third = join(folder.path, 'data_batch_3.bin');
  await truncate(third, BYTES - 1);
  await refuses(/data_batch_3\.bin: cut off: 30729999 bytes where 10000 images take 30730000$/);
  await truncate(third, BYTES + 3073);
  await refuses(/data_batch_3\.bin: too long: 30733073 bytes where 10000 images take 30730000$/);
  await truncate(third, BYTES);
  const bytes = await readFile(third);
  bytes[3073] = 10;
  await writeFile(third, bytes);
  await refuses(/: label 10 of sample 20001 is not a whole number from 0 to 9$/);
});

test('a folder without the files is refused', async () => {
  await refuses(/neither cifar-10-binary\.tar\.gz nor its data_batch_1\.bin to test_batch\.bin/);
  await writeFile(join(folder.path, 'data_batch_1.bin'), new Uint8Array(BYTES));
  await refuses(/^cannot read .*data_batch_2\.bin: no such file or folder$/);
  await assert.rejects(loadCifar10({ dir: join(folder.path, 'none') }), UserError);
});
