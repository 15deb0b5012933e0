/** Nesterov's momentum and both forms of weight decay, as PyTorch's SGD, Adam and AdamW take them. */
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { none } from '#lib/math/index.js';
import { type Hyperparameters, initialState, type MethodName, methods } from '#lib/optim/index.js';
import { assertClose } from '../nn/plain.js';
import { hyperparameters } from './hyperparameters.js';

interface Fixture {
  readonly start: readonly number[];
  readonly gradients: readonly (readonly number[])[];
  readonly learningRate: number;
  readonly cases: readonly {
    readonly method: MethodName;
    readonly hyper: Partial<Hyperparameters>;
    readonly thetas: readonly (readonly number[])[];
  }[];
}

const file = new URL('../fixtures/pytorch-steps.json', import.meta.url);
const fixture = JSON.parse(readFileSync(file, 'utf8')) as Fixture;

for (const { method, hyper: own, thetas } of fixture.cases) {
  test(`${method} with ${JSON.stringify(own)}, as PyTorch 2.6`, () => {
    const { learningRate, start, gradients } = fixture;
    const hyper = hyperparameters({ learningRate, ...own });
    const theta = Float32Array.from(start);
    const state = initialState(methods[method], theta, [start.length], hyper, none());
    for (const [i, gradient] of gradients.entries()) {
      methods[method].step(state, Float32Array.from(gradient), hyper, none(), i + 1);
      assertClose(theta, thetas[i], 1e-6);
    }
  });
}
