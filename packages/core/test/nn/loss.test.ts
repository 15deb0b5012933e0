import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Network } from '#lib/backend/index.js';
import { UserError } from '#lib/files/index.js';
import { network } from '#lib/graph/index.js';
import { linear } from '#lib/layers/index.js';
import { atOnce } from '../at-once.js';
import { backends } from '../backends.js';
import { assertClose } from './plain.js';

const CLASSES = 4;

/** Logits, label, and what PyTorch 2.6's CrossEntropyLoss(label_smoothing=0.1) makes of them. */
const samples = [
  {
    logits: [2, -1, 0.5, 0],
    label: 0,
    loss: 0.50484961,
    gradient: [-0.21490017, 0.01035378, 0.13344468, 0.07110156],
  },
  {
    logits: [0.25, 3, -2, 1],
    label: 2,
    loss: 4.93106031,
    gradient: [0.02800812, 0.8041866, -0.91941297, 0.08721822],
  },
  {
    logits: [-0.5, 0, 1.5, 0.75],
    label: 3,
    loss: 1.38602042,
    gradient: [0.0489201, 0.09687363, 0.52119978, -0.66699351],
  },
] as const;

for (const { name, skip, create } of backends)
  describe(`losses, ${name}`, { skip }, async () => {
    if (skip) return;
    const backend = await create();
    after(() => backend.close());

    /** A network whose outputs are its inputs; the gradient to its bias is that to the logits. */
    const identity = (labelSmoothing?: number): Network => {
      const net = backend.compile(network([CLASSES], [['fc', linear(CLASSES)]]), {
        batchSize: 1,
        ...(labelSmoothing !== undefined && { labelSmoothing }),
      });
      const eye = Float32Array.from({ length: CLASSES ** 2 }, (_, i) =>
        Number(i % (CLASSES + 1) === 0),
      );
      net.write(net.parameters[0], eye);
      net.reindex();
      return net;
    };
    const load = (net: Network, { logits, label }: (typeof samples)[number]) => {
      net.loadInputs(Float32Array.from(logits), [0], 0, 1);
      net.loadLabels([label], [0], 0);
    };

    test('smoothed labels as PyTorch has them', () => {
      const net = identity(0.1);
      for (const sample of samples) {
        load(net, sample);
        assertClose([atOnce(net.differentiate()).loss], [sample.loss], 1e-6);
        assertClose(atOnce(net.readGradient(net.parameters[1])), sample.gradient, 1e-6);
      }
    });

    test('scores take the labels as they are, and without smoothing so does training', () => {
      const [smoothed, plain, byDefault] = [0.1, 0, undefined].map(identity);
      for (const sample of samples) {
        for (const net of [smoothed, plain, byDefault]) load(net, sample);
        const { loss } = atOnce(plain.differentiate());
        assert.equal(atOnce(smoothed.evaluate()).loss, loss);
        assert.equal(atOnce(byDefault.differentiate()).loss, loss);
        assert.notEqual(atOnce(smoothed.differentiate()).loss, loss);
      }
    });

    test('a smoothing that is none is refused', () => {
      for (const wrong of [-0.1, 1, Number.NaN]) {
        assert.throws(
          () => identity(wrong),
          new UserError(
            `labelSmoothing: ${wrong} is not allowed; it must be a number from 0 to below 1`,
          ),
        );
      }
      assert.throws(
        () =>
          backend.compile(network([2], [linear(1)]), {
            batchSize: 1,
            loss: 'squared-error',
            labelSmoothing: 0.1,
          }),
        new UserError('labelSmoothing: the squared error has no labels to smooth; it must be 0'),
      );
    });
  });
