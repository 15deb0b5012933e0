import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { relabeled, samples } from '#lib/data/index.js';

test('a class keeps its name whatever its number', () => {
  const lists = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 8 }).chain((names) =>
    fc.record({
      from: fc.shuffledSubarray(names, { minLength: 1 }),
      to: fc.shuffledSubarray(names, { minLength: names.length }),
      picks: fc.array(fc.nat(), { minLength: 1, maxLength: 20 }),
    }),
  );
  fc.assert(
    fc.property(lists, ({ from, to, picks }) => {
      const labels = picks.map((pick) => pick % from.length);
      const given = samples(new Uint8Array(labels.length), [1], labels, { classes: from.length });
      const { targets, inputs } = relabeled(given, from, to, 'x');
      assert.equal(inputs, given.inputs);
      assert.ok(targets.kind === 'classes');
      assert.equal(targets.classes, to.length);
      assert.deepEqual(
        Array.from(targets.labels, (label) => to[label]),
        labels.map((label) => from[label]),
      );
    }),
  );
});

test('a class that the network does not know is named; values have no classes', () => {
  const given = samples(new Uint8Array(2), [1], [0, 1]);
  assert.throws(() => relabeled(given, ['a', 'c'], ['a', 'b'], 'photos'), {
    name: 'UserError',
    message: `photos: class "c" is none of the network's: "a", "b"`,
  });
  const many = Array.from({ length: 12 }, (_, i) => String(i));
  assert.throws(() => relabeled(given, ['0', 'x'], many, 'photos'), /"8", "9", …$/);
  const values = { kind: 'values' as const, values: new Float32Array(2), shape: [1] };
  const restored = samples(new Uint8Array(2), [1], values);
  assert.equal(relabeled(restored, ['a'], ['b'], 'photos'), restored);
});
