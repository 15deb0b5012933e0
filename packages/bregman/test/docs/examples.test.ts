/** The examples in doc comments of both packages, and of the documents, compile as they are written. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
// Within a package, so that the names of both are found.
const folder = join(root, 'packages/bregman/dist/examples');

after(() => rmSync(folder, { recursive: true, force: true }));

/** Fenced blocks of TypeScript, in doc comments without their stars. */
function examplesOf(file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(/^ *\* ?/gm, '');
  return [...text.matchAll(/^ *```ts\n([\s\S]*?)^ *```/gm)].map(([, code]) => code);
}

test('examples compile', () => {
  const below = (path: string) =>
    readdirSync(join(root, path), { encoding: 'utf8', recursive: true }).map((name) =>
      join(path, name),
    );
  const packages = ['packages/core', 'packages/bregman'];
  const sources = packages.flatMap((path) => below(join(path, 'src')));
  const readmes = ['README.md', ...packages.map((path) => join(path, 'README.md'))];
  const documents = below('docs').filter((path) => path.endsWith('.md'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const origins = new Map<string, string>();
  for (const path of [...sources, ...readmes, ...documents].filter((each) =>
    /\.(ts|md)$/.test(each),
  )) {
    for (const [i, code] of examplesOf(join(root, path)).entries()) {
      const name = `${origins.size}-${basename(path)}-${i}.ts`;
      origins.set(name, path);
      // A module, whatever it imports, so that examples do not see one another.
      writeFileSync(join(folder, name), `${code}\nexport {};\n`);
    }
  }
  assert.ok(origins.size >= 10, `${origins.size} examples`);
  const options = ['--noEmit', '--strict', '--target', 'es2023', '--module', 'nodenext'];
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const files = [...origins.keys()].map((name) => join(folder, name));
  const { status, stdout } = spawnSync(
    process.execPath,
    [compiler, ...options, '--types', 'node', '--skipLibCheck', ...files],
    { encoding: 'utf8', cwd: root },
  );
  const named = stdout.replace(/[^\s(]*examples\/([^\s(]+)/g, (_, name) => {
    return `${relative('.', origins.get(name) ?? name)} (example): `;
  });
  assert.equal(status, 0, named);
});
