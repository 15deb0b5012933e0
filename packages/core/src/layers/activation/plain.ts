import type { PlainLayer } from '../../lowering/plain.js';
import type { ActivationLayer } from './layer.js';

/** y = f(x) of every number, and dx = f′(x) g; all four derivatives can be told from y. */
export const activationPlain: PlainLayer<ActivationLayer> = {
  forward({ kind, slope = 0 }, { inputs: [{ value: x }] }) {
    const f = functions[kind].value;
    return Float64Array.from(x, (x) => f(x, slope));
  },

  inputGradients({ kind, slope = 0 }, { output: { value: y } }, g) {
    const { derivative } = functions[kind];
    return [Float64Array.from(g, (g, i) => g * derivative(y[i], slope))];
  },
};

interface Activation {
  value(x: number, slope: number): number;
  /** dy/dx by y. */
  derivative(y: number, slope: number): number;
}

const functions: Readonly<Record<ActivationLayer['kind'], Activation>> = {
  relu: {
    value: (x) => Math.max(x, 0),
    derivative: (y) => (y > 0 ? 1 : 0),
  },
  'leaky-relu': {
    value: (x, slope) => (x > 0 ? x : slope * x),
    derivative: (y, slope) => (y > 0 ? 1 : slope),
  },
  sigmoid: {
    value: (x) => 1 / (1 + Math.exp(-x)),
    derivative: (y) => y * (1 - y),
  },
  tanh: {
    value: Math.tanh,
    derivative: (y) => 1 - y * y,
  },
};
