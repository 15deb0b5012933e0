import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NetworkDescription } from '#lib/graph/index.js';
import { resolve } from '#lib/layers/index.js';
import { sizeOf } from '#lib/math/index.js';
import {
  autoencoder,
  convnet,
  denseBlock,
  densenet,
  mlp,
  resnet18,
  resnet20,
  resnet34,
  resnet50,
  skipEncoder,
  vgg16,
} from '#lib/models/index.js';

/** Shapes of all parameters by name. */
function shapesOf(description: NetworkDescription): Map<string, readonly number[]> {
  return new Map(
    resolve(description).flatMap(({ name, parameters }) =>
      Object.entries(parameters).map(([short, { shape }]) => [`${name}.${short}`, shape] as const),
    ),
  );
}

const builders = { convnet, densenet, resnet18, resnet20, resnet34, resnet50, vgg16 };

describe('parameters, as many as in PyTorch', () => {
  const counts = [
    ['mlp', mlp([784, 200, 80, 10]), 173_890],
    ['convnet', convnet(), 236_618],
    ['resnet18', resnet18(), 11_173_962],
    ['resnet34', resnet34(), 21_282_122],
    ['resnet50', resnet50(), 23_520_842],
    ['resnet20', resnet20(), 272_474],
    ['vgg16', vgg16(), 14_728_266],
    ['densenet', densenet(), 176_122],
    ['autoencoder', autoencoder(784), 6 * (784 * 784 + 784)],
    // As many, and 21 scales.
    ['skip-encoder', skipEncoder(784), 6 * (784 * 784 + 784) + 21],
    // 1, then 12 to 60, then 72 channels by 3 × 3, and the classes.
    ['dense-block', denseBlock(), 9 * 12 * (1 + 180) + 9 * 72 + 73 + 784 * 10 + 10],
  ] as const;
  for (const [name, description, expected] of counts) {
    test(name, () => {
      const sizes = [...shapesOf(description).values()].map(sizeOf);
      assert.equal(
        sizes.reduce((sum, size) => sum + size, 0),
        expected,
      );
    });
  }
});

describe('parameters named and shaped as in PyTorch', () => {
  const some = {
    convnet: {
      'layers1.0.weight': [64, 1, 5, 5],
      'layers1.3.bias': [64],
      'layers2.0.weight': [128, 1024],
      'layers2.2.weight': [10, 128],
    },
    resnet18: {
      'conv1.weight': [64, 3, 3, 3],
      'layer1.0.conv1.weight': [64, 64, 3, 3],
      'layer2.0.shortcut.0.weight': [128, 64, 1, 1],
      'layer2.0.shortcut.1.weight': [128],
      'layer4.1.bn2.bias': [512],
      'linear.weight': [10, 512],
    },
    resnet34: { 'layer3.5.conv2.weight': [256, 256, 3, 3] },
    resnet50: {
      'layer1.0.shortcut.0.weight': [256, 64, 1, 1],
      'layer2.0.conv1.weight': [128, 256, 1, 1],
      'layer2.0.conv2.weight': [128, 128, 3, 3],
      'layer4.2.conv3.weight': [2048, 512, 1, 1],
      'linear.weight': [10, 2048],
    },
    resnet20: {
      'conv1.weight': [16, 3, 3, 3],
      'layer3.0.shortcut.0.weight': [64, 32, 1, 1],
      'layer3.2.conv2.weight': [64, 64, 3, 3],
      'linear.weight': [10, 64],
    },
    vgg16: {
      'features.0.weight': [64, 3, 3, 3],
      'features.1.weight': [64],
      'features.7.weight': [128, 64, 3, 3],
      'features.40.bias': [512],
      'features.41.bias': [512],
      'classifier.weight': [10, 512],
    },
    densenet: {
      'features.conv0.weight': [24, 3, 3, 3],
      'features.denseblock1.denselayer6.conv1.weight': [48, 84, 1, 1],
      'features.transition1.conv.weight': [48, 96, 1, 1],
      'features.denseblock3.denselayer6.conv2.weight': [12, 48, 3, 3],
      'features.norm_final.weight': [132],
      'classifier.weight': [10, 132],
    },
  };
  for (const [name, description] of Object.entries(builders)) {
    test(name, () => {
      const shapes = shapesOf(description());
      for (const [parameter, shape] of Object.entries(some[name as keyof typeof some])) {
        assert.deepEqual(shapes.get(parameter), shape, parameter);
      }
    });
  }

  test('a block that keeps its shape has no shortcut of its own', () => {
    const shortcuts = [...shapesOf(resnet18()).keys()].filter((name) => /shortcut\.0/.test(name));
    assert.deepEqual(
      shortcuts,
      [2, 3, 4].map((stage) => `layer${stage}.0.shortcut.0.weight`),
    );
  });
});

describe('options', () => {
  for (const [name, build] of Object.entries(builders)) {
    test(`${name} takes other images and classes`, () => {
      const layers = resolve(build({ input: [3, 64, 64], classes: 7 }));
      assert.deepEqual(layers.at(-1)!.outputShape, [7]);
    });
  }

  test('a DenseNet of any depth and growth that fits', () => {
    const shapes = shapesOf(densenet({ depth: 22, growth: 8 }));
    assert.deepEqual(shapes.get('features.denseblock1.denselayer3.conv2.weight'), [8, 32, 3, 3]);
    assert.equal(shapes.has('features.denseblock1.denselayer4.conv2.weight'), false);
    for (const depth of [4, 41, Number.NaN]) {
      assert.throws(() => densenet({ depth }), { name: 'RangeError', message: /6 n \+ 4/ });
    }
  });

  test('the restoring networks end in a ReLU and in a sum, as wide as the input', () => {
    const deep = resolve(autoencoder(50, 3));
    const skips = resolve(skipEncoder(50, 3));
    assert.deepEqual(deep.at(-1)!.outputShape, [50]);
    assert.equal(deep.at(-1)!.layer.kind, 'relu');
    assert.deepEqual([skips.at(-1)!.name, skips.at(-1)!.outputShape], ['skip3.2', [50]]);
    const scales = skips.filter(({ layer }) => layer.kind === 'add');
    assert.deepEqual(
      scales.map(({ inputs }) => inputs[1]),
      ['input', 'input', 'skip1.0', 'input', 'skip1.0', 'skip2.1'],
    );
    // A layer reads the whole sum before it, not the bare ReLU.
    assert.deepEqual(skips.find(({ name }) => name === 'fc3')!.inputs, ['skip2.1']);
  });

  test('images that are too small: the error names the layer', () => {
    assert.throws(() => resolve(convnet({ input: [1, 12, 12] })), /layers1\.3|layer '4'/);
    assert.throws(() => resolve(vgg16({ input: [3, 16, 16] })), /layer 'features\.43'/);
  });

  test('descriptions are plain data', () => {
    const description = resnet20();
    assert.deepEqual(JSON.parse(JSON.stringify(description)), description);
  });
});
