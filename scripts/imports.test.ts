import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { picture, pictureFile } from './import-graph.js';
import { arrowsOf, type House, houses, importsOf, problemsOf } from './imports.js';

for (const house of houses) {
  test(`${house.name} imports downward, without circles`, () => {
    assert.deepEqual(problemsOf(house, importsOf(house)), []);
  });
}

test('the picture shows the code as it is: npm run graph', () => {
  assert.equal(readFileSync(pictureFile, 'utf8'), picture());
});

/** A house of these files, which goes when the test does. */
function house(t: TestContext, files: Readonly<Record<string, string>>): House {
  const root = mkdtempSync(join(tmpdir(), 'bregman-house-'));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { name: 'toy', root, floors: [['ground', 'other'], ['upper'], ['index']] };
}

const packageJson =
  '{"imports": {"#host": {"node": "./dist/ground/a.js", "default": "./dist/ground/b.js"}}}';

test('all ways to import are seen, those of types, again exported and dynamic ones included', (t) => {
  const toy = house(t, {
    'package.json': packageJson,
    'src/ground/a.ts': '// import "../upper/c.js";\nexport const a = "import(\'../index.js\')";',
    'src/ground/b.ts':
      'import fs from "node:fs"; import v from "valibot"; export const b = [fs, v];',
    'src/upper/c.ts':
      'import type { A } from "../ground/a.js"; export const c = await import("./d.js");',
    'src/upper/d.ts': 'export * from "../ground/b.js"; export type { E } from "./e.js";',
    'src/upper/e.ts': 'import { host } from "#host"; export type E = typeof host;',
    'src/index.ts': 'export { c } from "./upper/c.js";',
  });
  const imports = importsOf(toy);
  assert.deepEqual(
    imports.map(({ from, to }) => `${from} ${to}`),
    [
      'index upper/c',
      'upper/c ground/a',
      'upper/c upper/d',
      'upper/d ground/b',
      'upper/d upper/e',
      'upper/e ground/a',
      'upper/e ground/b',
    ],
  );
  assert.deepEqual(arrowsOf(toy, imports), [
    { from: 'index', to: 'upper' },
    { from: 'upper', to: 'ground' },
  ]);
  assert.deepEqual(problemsOf(toy, imports), []);
});

test('what leads up or aside, in a circle, or lies on no floor is named', (t) => {
  const toy = house(t, {
    'package.json': '{}',
    'src/ground/a.ts': 'import type {} from "../upper/b.js";',
    'src/other/c.ts': 'import "../ground/a.js"; import "../cellar/d.js";',
    'src/upper/b.ts': 'import "./e.js";',
    'src/upper/e.ts': 'export * from "../ground/a.js";',
    'src/cellar/d.ts': '',
  });
  assert.deepEqual(problemsOf(toy, importsOf(toy)), [
    'cellar/d lies on no floor: name its folder in scripts/imports.ts',
    'ground/a imports upper/b, which lies no lower',
    'other/c imports ground/a, which lies no lower',
    'a circle: ground/a → upper/b → upper/e → ground/a',
  ]);
});
