import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '#lib/files/errors.js';
import { sizeOf } from '#lib/math/index.js';
import { type BudgetRule, shareWeights } from '#lib/optim/index.js';

/** The weights of ResNet-18 with a first convolution of 3 × 3, as tables of the network list them. */
const resnet18 = [
  { name: 'conv1', shape: [64, 3, 3, 3] },
  ...['layer1.0.conv1', 'layer1.0.conv2', 'layer1.1.conv1', 'layer1.1.conv2'].map((name) => ({
    name,
    shape: [64, 64, 3, 3],
  })),
  ...[64, 128, 256].flatMap((width, i) => [
    { name: `layer${i + 2}.0.conv1`, shape: [2 * width, width, 3, 3] },
    { name: `layer${i + 2}.0.conv2`, shape: [2 * width, 2 * width, 3, 3] },
    { name: `layer${i + 2}.0.shortcut`, shape: [2 * width, width, 1, 1] },
    { name: `layer${i + 2}.1.conv1`, shape: [2 * width, 2 * width, 3, 3] },
    { name: `layer${i + 2}.1.conv2`, shape: [2 * width, 2 * width, 3, 3] },
  ]),
  { name: 'linear', shape: [10, 512] },
];

describe('ERK for ResNet-18 on CIFAR, by hand', () => {
  /*
   * A layer gets ε · s weights, s the sum of its dimensions:
   *
   *                    s        weights
   *   conv1            73         1,728
   *   layer1          134        36,864   four times
   *   layer2.0.conv1  198        73,728
   *   layer2 others   262       147,456   three times
   *   layer2 shortcut 194         8,192
   *   layer3.0.conv1  390       294,912
   *   layer3 others   518       589,824   three times
   *   layer3 shortcut 386        32,768
   *   layer4.0.conv1  774     1,179,648
   *   layer4 others 1,030     2,359,296   three times
   *   layer4 shortcut 770       131,072
   *   linear          522         5,120
   *   together      9,273    11,164,352
   */
  const counts = (density: number) =>
    Object.fromEntries(
      shareWeights(resnet18, density, 'erk').map((count, i) => [resnet18[i].name, count]),
    );
  /** ε · s, up to the rounding. */
  const isNear = (count: number, ideal: number) =>
    assert.ok(Math.abs(count - ideal) < 1, `${count} is not ${ideal}`);

  test('3.4 %', () => {
    // 379,588 weights. ε = 379588 / 9273 = 40.93 overfills conv1 (2988) and linear (21,368). Without them
    // ε = (379588 − 1728 − 5120) / (9273 − 73 − 522) = 42.95 overfills the shortcut of layer2 (8333), and
    // ε = (372740 − 8192) / (8678 − 194) = 364548 / 8484 = 42.9689 nothing more.
    const found = counts(0.034);
    assert.equal(found.conv1, 1728);
    assert.equal(found.linear, 5120);
    assert.equal(found['layer2.0.shortcut'], 8192);
    isNear(found['layer1.0.conv1'], 5757.83); // 15.62 %
    isNear(found['layer2.0.conv1'], 8507.84); // 11.54 %
    isNear(found['layer2.1.conv2'], 11257.85); // 7.63 %
    isNear(found['layer3.0.shortcut'], 16586.0); // 50.62 %
    isNear(found['layer3.1.conv2'], 22257.89); // 3.77 %
    isNear(found['layer4.0.shortcut'], 33086.06); // 25.24 %
    isNear(found['layer4.1.conv2'], 44257.97); // 1.88 %
    assert.equal(
      Object.values(found).reduce((a, b) => a + b),
      379_588,
    );
  });

  test('10 %', () => {
    // 1,116,435 weights. As above down to ε = (1116435 − 15040) / 8484 = 129.82, which overfills the shortcut
    // of layer3 (50,111); ε = (1101395 − 32768) / (8484 − 386) = 1068627 / 8098 = 131.9618.
    const found = counts(0.1);
    assert.equal(found.conv1, 1728);
    assert.equal(found.linear, 5120);
    assert.equal(found['layer2.0.shortcut'], 8192);
    assert.equal(found['layer3.0.shortcut'], 32768);
    isNear(found['layer1.0.conv1'], 17682.88); // 47.97 %
    isNear(found['layer2.1.conv2'], 34573.99); // 23.45 %
    isNear(found['layer4.0.shortcut'], 101610.59); // 77.52 %
    isNear(found['layer4.1.conv2'], 135920.66); // 5.76 %
    assert.equal(
      Object.values(found).reduce((a, b) => a + b),
      1_116_435,
    );
  });

  test('a layer that is left dense takes its weights from the others', () => {
    const layers = resnet18.map((layer) => ({ ...layer, isDense: layer.name.includes('layer1') }));
    const found = shareWeights(layers, 0.034, 'erk');
    assert.deepEqual(found.slice(0, 5), [1728, 36864, 36864, 36864, 36864]);
    assert.equal(
      found.reduce((a, b) => a + b),
      379_588,
    );
  });
});

const layer = fc
  .oneof(
    fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 })),
    fc.tuple(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
    ),
  )
  .map((shape) => ({ name: shape.join(' × '), shape }));

describe('any network', () => {
  const rules = fc.constantFrom<BudgetRule>('erk', 'uniform');
  const densities = fc.double({ min: 0.001, max: 1, noNaN: true });

  test('the counts add up, fill no layer beyond its size, and leave none empty', () => {
    fc.assert(
      fc.property(
        fc.array(layer, { minLength: 1, maxLength: 8 }),
        densities,
        rules,
        (layers, density, rule) => {
          const sizes = layers.map(({ shape }) => sizeOf(shape));
          const total = Math.round(density * sizes.reduce((a, b) => a + b));
          let counts: number[];
          try {
            counts = shareWeights(layers, density, rule);
          } catch (error) {
            assert.ok(error instanceof UserError);
            return;
          }
          assert.equal(
            counts.reduce((a, b) => a + b),
            total,
          );
          for (const [i, count] of counts.entries()) {
            assert.ok(Number.isInteger(count) && count >= 1 && count <= sizes[i]);
            // The largest layer makes up for small ones that keep one weight.
            const most = 1 + layers.length / 2;
            if (rule === 'uniform') assert.ok(Math.abs(count - density * sizes[i]) <= most);
          }
        },
      ),
    );
  });

  test('what lies between two densities that leave no layer empty leaves none empty', () => {
    const networks = fc.array(layer, { minLength: 1, maxLength: 8 });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(networks, densities, densities, share, rules, (layers, from, to, part, rule) => {
        try {
          for (const end of [from, to]) shareWeights(layers, end, rule);
        } catch {
          return;
        }
        shareWeights(layers, from + part * (to - from), rule);
      }),
      { numRuns: 2000 },
    );
  });

  test('ERK: layers that are not full have weights in proportion to the sum of their dimensions', () => {
    fc.assert(
      fc.property(fc.array(layer, { minLength: 2, maxLength: 8 }), densities, (layers, density) => {
        let counts: number[];
        try {
          counts = shareWeights(layers, density, 'erk');
        } catch {
          return;
        }
        const found = layers.map(({ shape }, i) => ({
          size: sizeOf(shape),
          portion: shape.reduce((a: number, b) => a + b, 0),
          count: counts[i],
        }));
        const free = found.filter(({ size, count }) => count < size);
        for (const a of free) {
          const scale = a.count / a.portion;
          for (const b of free) {
            // Rounding moves each count by less than one.
            assert.ok(Math.abs(b.count - scale * b.portion) <= 1 + b.portion / a.portion);
          }
          // What is full would have got at least as much as it has.
          for (const { size, count, portion } of found) {
            if (count === size) assert.ok(portion * (scale + 1 / a.portion) >= size - 1);
          }
        }
      }),
    );
  });
});

describe('budgets that cannot be', () => {
  test('an empty layer', () => {
    const layers = [
      { name: 'fc1.weight', shape: [200, 784] },
      { name: 'fc3.weight', shape: [10, 8] },
    ];
    assert.throws(() => shareWeights(layers, 0.001, 'uniform'), {
      name: 'UserError',
      message:
        'density 0.001 leaves none of the 80 weights of fc3.weight; it must be higher, or the layer be dense',
    });
  });

  test('dense layers that hold more than the total', () => {
    const layers = [
      { name: 'conv1.weight', shape: [8, 8], isDense: true },
      { name: 'fc.weight', shape: [10, 10] },
    ];
    assert.throws(() => shareWeights(layers, 0.1, 'erk'), {
      name: 'UserError',
      message:
        'density 0.1 is less than the dense layers hold alone (conv1.weight); it must be higher, or fewer ' +
        'layers be dense',
    });
  });
});
