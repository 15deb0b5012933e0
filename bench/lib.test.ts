import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ratio, tableOf } from './lib.js';

test('a table leaves out the columns in which nothing was measured', () => {
  const head = ['density', 'ours (ms)', 'peer / ours', 'peak'];
  const rows = (peer?: number) => [
    [1, '4.0', ratio(peer, 4), undefined],
    [0.5, '2.0', ratio(peer, 2), '7'],
  ];
  const without =
    '| density | ours (ms) | peak |\n| --- | --- | --- |\n| 1 | 4.0 |  |\n| 0.5 | 2.0 | 7 |\n';
  assert.equal(tableOf(head, rows()), without);
  const beside =
    '| density | ours (ms) | peer / ours | peak |\n| --- | --- | --- | --- |\n' +
    '| 1 | 4.0 | 2.0× |  |\n| 0.5 | 2.0 | 4.0× | 7 |\n';
  assert.equal(tableOf(head, rows(8)), beside);
});

/** What `findPyTorch` finds and prints in an environment. */
function peerIn(environment: Readonly<Record<string, string>>): string {
  const url = new URL('./pytorch.ts', import.meta.url).href;
  const program = `console.log((await import('${url}')).findPyTorch()?.description)`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program];
  return execFileSync(process.execPath, args, { encoding: 'utf8', env: environment });
}

test('where no Python is on the path, or one without PyTorch, there is no peer, and a line says why', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bregman-bench-'));
  t.after(() => rmSync(folder, { recursive: true }));
  assert.match(
    peerIn({ PATH: folder }),
    /^No PyTorch beside ours: spawnSync python3 ENOENT\. BREGMAN_PEER_PYTHON .*\n\nundefined\n$/,
  );
  const python = join(folder, 'python');
  writeFileSync(
    python,
    '#!/bin/sh\necho "ModuleNotFoundError: No module named torch" >&2; exit 1\n',
  );
  chmodSync(python, 0o755);
  assert.match(
    peerIn({ PATH: process.env.PATH ?? '', BREGMAN_PEER_PYTHON: python }),
    /^No PyTorch beside ours: ModuleNotFoundError: No module named torch\. .*\n\nundefined\n$/,
  );
});

test('a peer says which PyTorch it is', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bregman-bench-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const python = join(folder, 'python');
  const answer = {
    torch: '2.6.0+debian',
    python: '3.13.5',
    onednn: 'v3.7',
    capability: 'AVX2',
    blas: ['/usr/lib/libopenblas.so.0'],
  };
  writeFileSync(python, `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`);
  chmodSync(python, 0o755);
  assert.equal(
    peerIn({ PATH: process.env.PATH ?? '', BREGMAN_PEER_PYTHON: python }),
    'PyTorch 2.6.0+debian, Python 3.13.5, oneDNN v3.7, libopenblas.so.0, AVX2, 2 threads\n',
  );
});
