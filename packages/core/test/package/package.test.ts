import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { Project } from './installed.js';

/** Every face of a package, each imported whole, and a program in strict TypeScript. */
async function sourceFor(name: string, project: Project, program: string): Promise<string> {
  const manifest = await readFile(`${project.packages.get(name)}/package.json`, 'utf8');
  const { exports } = JSON.parse(manifest) as { exports: Record<string, unknown> };
  const faces = Object.keys(exports).map((path) => name + path.slice(1));
  assert.ok(faces.length > 5);
  return [
    ...faces.map((face, i) => `import * as face${i} from '${face}';`),
    `export const faces = [${faces.map((_, i) => `face${i}`)}];`,
    `import { samples, train } from '${name}';`,
    program,
  ].join('\n');
}

const program = `
const data = { train: samples(new Float32Array(40), [4], new Uint8Array(10)) };
const config = { model: { kind: 'mlp', hidden: [3] } } as const;
const { network, summary } = await train(config, { data, threads: 1, signal: AbortSignal.timeout(9) });
const answers: Float32Array = await network.predict(new Float32Array(4));
export const density: number = summary.density.total + answers[0];
`;

describe('@bregman/core, installed alone', () => {
  let project: Project;
  before(async () => {
    project = await Project.with('@bregman/core');
  });
  after(() => project?.remove());

  test('is under 1 MB and no more than five packages', async (t) => {
    const names = [...project.packages.keys()];
    const bytes = await project.bytes();
    t.diagnostic(`${bytes} bytes, ${names.length} packages: ${names.join(', ')}`);
    assert.ok(bytes < 1_000_000, `${bytes} bytes`);
    assert.ok(names.length <= 5, names.join(', '));
  });

  for (const resolution of ['nodenext', 'bundler']) {
    test(`compiles without Node's types, resolved as ${resolution} does`, async () => {
      const source = await sourceFor('@bregman/core', project, program);
      assert.equal(await project.compile(source, [], resolution), '');
    });
  }

  test('has types that are no any: a wrong program does not compile', async () => {
    const source = await sourceFor(
      '@bregman/core',
      project,
      `${program}\nexport const x: string = density;`,
    );
    assert.match(await project.compile(source, [], 'nodenext'), /main\.ts.*error TS2322/);
  });
});

test("bregman compiles with Node's types", async () => {
  const project = await Project.with('bregman');
  try {
    const source = await sourceFor('bregman', project, program);
    assert.equal(await project.compile(source, ['node'], 'nodenext'), '');
  } finally {
    await project.remove();
  }
});
