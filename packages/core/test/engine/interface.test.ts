import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import * as built from '#lib/engine/generated/kernels.js';

const core = fileURLToPath(new URL('../..', import.meta.url));
const root = join(core, '../..');
const run = promisify(execFile);
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bregman-interface-'));
});

after(() => rm(folder, { recursive: true }));

/** Changes files of a copy of the kernels, and returns the path of what the generator makes of it. */
async function generate(
  ...changes: readonly (readonly [file: string, from: string, to: string])[]
): Promise<string> {
  const copy = await mkdtemp(join(folder, 'kernels-'));
  await cp(join(core, 'kernels'), copy, { recursive: true });
  for (const [file, from, to] of changes) {
    const text = await readFile(join(copy, file), 'utf8');
    assert.ok(text.includes(from));
    await writeFile(join(copy, file), text.replace(from, to));
  }
  const path = join(copy, 'generated.ts');
  await run(process.execPath, [join(core, 'scripts/generate-kernel-interface.js'), copy, path]);
  return path;
}

/** Builds a copy of the library with other tables; returns the compiler's errors. */
async function buildWith(tables: string): Promise<string[]> {
  const copy = join(folder, 'core');
  await cp(join(core, 'src'), join(copy, 'src'), { recursive: true });
  await cp(tables, join(copy, 'src/engine/generated/kernels.ts'));
  await cp(join(core, 'package.json'), join(copy, 'package.json'));
  await symlink(join(core, 'dist'), join(copy, 'dist'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const config = {
    extends: join(core, 'tsconfig.json'),
    compilerOptions: { rootDir: './src', noEmit: true },
    include: ['src'],
    exclude: ['src/host/node.ts'],
  };
  await writeFile(join(copy, 'tsconfig.json'), JSON.stringify(config));
  const compiler = run(join(root, 'node_modules/.bin/tsc'), ['-p', copy]);
  const { stdout } = await compiler.catch((error: { stdout: string }) => error);
  return stdout.split(/^(?=\S)/m).filter((text) => text.includes('error TS'));
}

test('what a class, an enum or a size becomes is in the tables, and the library has to follow', async () => {
  const path = await generate(
    ['linear-lit.ts', 'class WeighLit {', 'class WeighLit {\n  share: f32; // of the samples'],
    ['linear-lit.ts', 'class ListLit {', 'class ListLit {\n  support: Updates<Support>;'],
    ['linear-entries.ts', '  bias: Reads; // 0: none\n', ''],
    ['layout.ts', '  all,', '  none,\n  all,'],
    ['winograd-gradient.ts', 'ROWS: i32 = 66', 'ROWS: i32 = 60'],
  );
  const { kernels, Scope, sizes }: typeof built = await import(pathToFileURL(path).href);
  assert.deepEqual(Object.entries(kernels.weighLit), [
    ['share', 'f32'],
    ...Object.entries(built.kernels.weighLit),
  ]);
  assert.deepEqual(
    { ...kernels.listLit },
    { support: 'updates Support', ...built.kernels.listLit },
  );
  assert.equal(Scope.sampled, built.Scope.sampled + 1);
  const { ROWS, CHANNELS, SCRATCH_BYTES } = sizes.winogradGradient;
  // A vector for every weight and point; for four points, lines of eight patches of all rows and channels.
  const lines = 4 * (ROWS * 8 + 1 + CHANNELS * 8 + 1);
  assert.deepEqual([ROWS, SCRATCH_BYTES], [60, 16 * 16 * ROWS * CHANNELS + 64 * lines]);

  const errors = await buildWith(path);
  assert.equal(errors.length, 3, errors.join('\n'));
  assert.ok(errors.every((error) => error.includes('src/layers/linear/wasm.ts')));
  for (const field of ['share', 'support', 'bias']) {
    assert.equal(errors.filter((error) => error.includes(`'${field}'`)).length, 1, field);
  }
});

test('a pointer that does not say what the kernel does with it is refused', async () => {
  const plain = generate(['bias.ts', 'biasGradient: Writes', 'biasGradient: usize']);
  await assert.rejects(plain, /bias\.ts: BiasGradient\.biasGradient is usize, not .*Reads, Writes/);
});
