import assert from 'node:assert/strict';
import { test } from 'node:test';
import { samples, shuffled, split } from '#lib/data/index.js';
import { UserError } from '#lib/files/index.js';

test('samples wrap the arrays they are given without a copy', () => {
  const inputs = Uint8Array.of(0, 255, 1, 2, 3, 4);
  const labels = Uint8Array.of(2, 0);
  const made = samples(inputs, [3], labels);
  assert.equal(made.count, 2);
  assert.equal(made.inputs, inputs);
  assert.deepEqual(made.targets, { kind: 'classes', labels, classes: 3 });
});

test('labels may be a plain list, and classes more than occur', () => {
  const { targets } = samples(new Float32Array(4), [1, 2], [0, 1], { classes: 10 });
  assert.deepEqual(targets, { kind: 'classes', labels: Int32Array.of(0, 1), classes: 10 });
});

test('values of any shape are targets, too', () => {
  const targets = { kind: 'values', values: new Float32Array(12), shape: [2, 3] } as const;
  assert.deepEqual(samples(new Float32Array(8), [4], targets).targets, targets);
});

const two = new Float32Array(2);
const values = (data: number[], shape = [1]) =>
  ({ kind: 'values', values: Float32Array.from(data), shape }) as const;
const wrong: [string, () => unknown, string][] = [
  [
    'no samples',
    () => samples(new Uint8Array(0), [2], []),
    'inputs: 0 values make no whole number of samples of shape [2]',
  ],
  [
    'half a sample',
    () => samples(new Uint8Array(3), [2], [0]),
    'inputs: 3 values make no whole number of samples of shape [2]',
  ],
  [
    'no shape',
    () => samples(two, [], [0, 1]),
    'inputs: shape [] must list positive whole numbers, such as [1, 28, 28]',
  ],
  [
    'a shape with 0',
    () => samples(two, [0], [0, 1]),
    'inputs: shape [0] must list positive whole numbers, such as [1, 28, 28]',
  ],
  [
    'a list for inputs',
    () => samples([1, 2] as unknown as Float32Array, [1], [0, 1]),
    'inputs: must be a Float32Array, or a Uint8Array where bytes mean 0 to 1',
  ],
  [
    'NaN',
    () => samples(Float32Array.of(0, 1, 2, Number.NaN), [2], [0, 1]),
    'inputs: value 1 of sample 1 is NaN, not a finite number',
  ],
  ['too few labels', () => samples(two, [1], [0]), '2 samples, but 1 labels'],
  [
    'a label too large',
    () => samples(two, [1], [0, 3], { classes: 3 }),
    'label 3 of sample 1 is not a whole number from 0 to 2',
  ],
  [
    'a negative label',
    () => samples(two, [1], Int32Array.of(0, -1)),
    'label -1 of sample 1 is not a whole number from 0',
  ],
  [
    'a fractional label',
    () => samples(two, [1], [0.5, 1]),
    'label 0.5 of sample 0 is not a whole number from 0',
  ],
  [
    'a label that is no number',
    () => samples(two, [1], [0, Number.NaN]),
    'label NaN of sample 1 is not a whole number from 0',
  ],
  [
    'half a class',
    () => samples(two, [1], [0, 1], { classes: 2.5 }),
    'the number of classes must be a positive whole number, not 2.5',
  ],
  ['too few values', () => samples(two, [1], values([1])), '2 samples, but target values for 1'],
  [
    'an infinite value',
    () => samples(two, [1], values([1, Infinity])),
    'target values: value 0 of sample 1 is Infinity, not a finite number',
  ],
];
for (const [what, make, message] of wrong) {
  test(`${what} is refused`, () => {
    assert.throws(make, new UserError(`samples: ${message}`));
  });
}

test('errors begin with the source', () => {
  assert.throws(
    () => samples(two, [1], [0], { source: 'my.csv' }),
    new UserError('my.csv: 2 samples, but 1 labels'),
  );
});

test('split parts the samples, by fraction or count, the same way for a seed', () => {
  const { train, validation } = split({ count: 1000 }, 0.05, 7);
  assert.equal(validation.length, 50);
  assert.deepEqual(
    [...train, ...validation].sort((a, b) => a - b),
    [...Array(1000).keys()],
  );
  assert.deepEqual(validation, validation.toSorted());
  assert.deepEqual(split({ count: 1000 }, 50, 7), { train, validation });
  assert.notDeepEqual(split({ count: 1000 }, 50, 8).validation, validation);
  assert.equal(split({ count: 3 }, 0, 1).train.length, 3);
  for (const share of [-0.1, 3, 1.5, Number.NaN, 0.99]) {
    assert.throws(() => split({ count: 3 }, share, 1), UserError, `${share}`);
  }
});

test('an epoch has its own order and repeats it', () => {
  const order = shuffled(100, 1, 0);
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    [...Array(100).keys()],
  );
  assert.deepEqual(shuffled(100, 1, 0), order);
  assert.notDeepEqual(shuffled(100, 1, 1), order);
  assert.notDeepEqual(shuffled(100, 2, 0), order);
});
