import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { undocumented } from './doc-comments.js';
import { houses } from './imports.js';

for (const { name, root } of houses) {
  test(`every export of ${name} has a doc comment`, () => {
    const source = join(root, 'src');
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
      // What the kernels declare is documented there, and copied.
      (path) => path.endsWith('.ts') && !path.includes('generated'),
    );
    const missing = files.flatMap((path) =>
      undocumented(path, readFileSync(join(source, path), 'utf8')).map(
        (each) => `${path}: ${each}`,
      ),
    );
    assert.deepEqual(missing, []);
  });
}

test('only a doc comment right before the export counts, and one for each name', () => {
  const text = `
/** Of the file. */
import { a } from './a.js';
export { b } from './b.js';
export const bare = a;
// Not for people.
export function plain() {}
/* Nor this. */
export class Starred {}
/** Of something else. */
const own = 1;
export interface Shape {}

/** A value. */
export const Kind = { own } as const;
export type Kind = number;
/** Twice. */
export function twice(x: number): void;
export function twice(x: string): void;
export function twice() {}
/**
 * Over lines.
 *
 * @throws never
 */

export async function good() {}
export const [first] = [1], second = 2;
export default function main() {}
`;
  assert.deepEqual(undocumented('toy.ts', text), [
    'bare',
    'plain',
    'Starred',
    'Shape',
    'second',
    'main',
  ]);
});
