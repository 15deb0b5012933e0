import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { UserError } from '@bregman/core/files';
import { download, locate, type RemoteFile } from '#lib/data/index.js';

const content = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 3);
const sha256 = createHash('sha256').update(content).digest('hex');

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
/** Sends all of the content, or the rest that a Range header asks for. */
const honest: Handler = (request, response) => {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from >= content.length) response.writeHead(416).end();
  else response.writeHead(request.headers.range ? 206 : 200).end(content.subarray(from));
};
/** Sends the first 100,000 bytes of what it should and hangs up. */
const broken: Handler = (_, response) => {
  response.writeHead(200, { 'content-length': content.length });
  response.write(content.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 50));
};

let folder: string;
let server: Server;
let handler: Handler;
let ranges: (string | undefined)[];
let file: RemoteFile;
let saved: string | undefined;
const inFolder = async () => (await readdir(folder)).sort();
const refuses = (promise: Promise<unknown>, message: RegExp) =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    assert.ok(error.message.startsWith(`cannot download ${file.url}: `));
    return true;
  });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bregman-download-'));
  saved = process.env.BREGMAN_CACHE;
  process.env.BREGMAN_CACHE = folder;
  ranges = [];
  handler = honest;
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    handler(request, response);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  file = { name: 'f.gz', url: `http://127.0.0.1:${port}/f.gz`, bytes: content.length, sha256 };
});
afterEach(async () => {
  if (saved === undefined) delete process.env.BREGMAN_CACHE;
  else process.env.BREGMAN_CACHE = saved;
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await rm(folder, { recursive: true });
});

test('a file arrives whole, with progress, in a folder made for it', async () => {
  const seen: number[] = [];
  const path = await download(file, join(folder, 'new'), {
    onProgress(received, total) {
      assert.equal(total, content.length);
      seen.push(received);
    },
  });
  assert.equal(path, join(folder, 'new', 'f.gz'));
  assert.deepEqual(new Uint8Array(await readFile(path)), content);
  assert.deepEqual(await readdir(join(folder, 'new')), ['f.gz']);
  assert.equal(seen[0], 0);
  assert.equal(seen.at(-1), content.length);
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
});

test('a broken download goes on where it stopped', async () => {
  handler = broken;
  await refuses(download(file, folder), /connection failed \(.+\); run again to go on/);
  assert.deepEqual(await inFolder(), ['f.gz.part']);
  const { length } = await readFile(join(folder, 'f.gz.part'));
  assert.ok(length > 0 && length <= 100_000);

  handler = honest;
  const seen: number[] = [];
  const path = await download(file, folder, { onProgress: (received) => seen.push(received) });
  assert.equal(seen[0], length);
  assert.deepEqual(ranges, [undefined, `bytes=${length}-`]);
  assert.deepEqual(new Uint8Array(await readFile(path)), content);
  assert.deepEqual(await inFolder(), ['f.gz']);
});

test('a server that ignores the range starts over', async () => {
  await writeFile(join(folder, 'f.gz.part'), content.subarray(0, 1000));
  handler = (_, response) => response.end(content);
  await download(file, folder);
  assert.deepEqual(ranges, ['bytes=1000-']);
  assert.deepEqual(new Uint8Array(await readFile(join(folder, 'f.gz'))), content);
});

test('a part that is complete needs no server', async () => {
  await writeFile(join(folder, 'f.gz.part'), content);
  await download(file, folder);
  assert.deepEqual(ranges, []);
  assert.deepEqual(await inFolder(), ['f.gz']);
});

test('a wrong checksum leaves nothing behind', async () => {
  handler = (_, response) => response.end(content.toReversed());
  await refuses(download(file, folder), /the checksum is wrong; run again to start afresh/);
  assert.deepEqual(await inFolder(), []);
});

test('a stale part is dropped', async () => {
  await writeFile(join(folder, 'f.gz.part'), new Uint8Array(content.length + 5));
  await refuses(download(file, folder), /run again to start afresh/);
  await download(file, folder);
  assert.deepEqual(await inFolder(), ['f.gz']);
});

test('too short, too long and missing files are refused', async () => {
  handler = (_, response) => response.writeHead(404).end();
  await refuses(download(file, folder), /the server answers 404 Not Found/);
  handler = (_, response) => response.end(content.subarray(0, 10));
  await refuses(download(file, folder), /only 10 of 300000 bytes came; run again to go on/);
  handler = (_, response) => response.end(Buffer.concat([content, content]));
  await refuses(download(file, folder), /more than the 300000 bytes expected/);
  assert.deepEqual(await inFolder(), []);
});

test('no connection is one line', async () => {
  server.closeAllConnections();
  server.close();
  await refuses(download(file, folder), /connection failed \(ECONNREFUSED\)/);
});

test('a folder that cannot be made is one line', async () => {
  await writeFile(join(folder, 'taken'), '');
  await assert.rejects(
    download(file, join(folder, 'taken', 'deeper')),
    (e) =>
      e instanceof UserError && /^cannot write .*deeper: a part of the path is/.test(e.message),
  );
});

test('an abort stops with its reason and keeps the part', async () => {
  handler = (_, response) => {
    response.writeHead(200);
    response.write(content.subarray(0, 100_000));
  };
  const controller = new AbortController();
  const reason = new Error('enough');
  const stop = (received: number) => received > 0 && controller.abort(reason);
  await assert.rejects(
    download(file, folder, { signal: controller.signal, onProgress: stop }),
    (error) => error === reason,
  );
  assert.deepEqual(await inFolder(), ['f.gz.part']);
});

test('locate prefers dir, then an intact cache, then a package, then downloads what is missing', async () => {
  const other = { ...file, name: 'g.gz' };
  const files = [file, other];
  const cache = join(folder, 'set');
  const packaged = join(folder, 'packaged');

  assert.equal(await locate('set', files, [], { dir: 'anywhere' }), 'anywhere');
  await mkdir(packaged);
  await writeFile(join(packaged, 'f.gz'), 'as the package has it');
  const seen: string[] = [];
  const onProgress = (received: number, total: number) => seen.push(`${received}/${total}`);
  assert.equal(await locate('set', files, [packaged], { onProgress }), cache);
  assert.deepEqual([seen[0], seen.at(-1)], ['0/600000', '600000/600000']);
  assert.equal(ranges.length, 2);

  await writeFile(join(packaged, 'g.gz'), 'as the package has it');
  assert.equal(await locate('set', files, [packaged]), cache);
  await writeFile(join(cache, 'g.gz'), 'damaged');
  assert.equal(await locate('set', files, [packaged]), packaged);
  assert.equal(ranges.length, 2);
  assert.equal(await locate('set', files, []), cache);
  assert.equal(ranges.length, 3);
  assert.deepEqual(new Uint8Array(await readFile(join(cache, 'g.gz'))), content);
});
