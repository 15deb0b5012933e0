import { UserError } from '../../files/errors.js';
import type { Layer, LayerType } from '../../graph/layer.js';
import { literal, number, type Output, object, oneOf, withDefault } from '../../schema/index.js';

/** How it stands in a configuration, with its defaults. */
export const activationSchema = object({ kind: oneOf(['relu', 'sigmoid', 'tanh']) });

/** A leaky ReLU likewise. */
export const leakyReluSchema = object({
  kind: literal('leaky-relu'),
  slope: withDefault(number(0, 1, { open: true }), 0.01),
});

/** An element-wise non-linearity. */
export interface ActivationLayer extends Layer {
  readonly kind: Output<typeof activationSchema | typeof leakyReluSchema>['kind'];
  /** Of a leaky ReLU, for negative inputs. */
  readonly slope?: number;
}

/** max(x, 0). */
export function relu(): ActivationLayer {
  return { kind: 'relu' };
}

/** x where x > 0, slope · x elsewhere. The slope must be positive: 0 would be `relu`. */
export function leakyRelu(slope = leakyReluSchema.defaults.slope): ActivationLayer {
  return { kind: 'leaky-relu', slope };
}

/** 1 / (1 + e⁻ˣ). */
export function sigmoid(): ActivationLayer {
  return { kind: 'sigmoid' };
}

/** Hyperbolic tangent. */
export function tanh(): ActivationLayer {
  return { kind: 'tanh' };
}

/** The shapes and parameters of an activation, and what it does in place. */
export const activationType: LayerType<ActivationLayer> = {
  inputs: 1,
  inPlace: 'always',
  readsOutput: () => true,
  keepsValues: ({ kind }) => kind === 'relu',

  outputShape({ kind, slope }, [input]) {
    if (kind === 'leaky-relu' && !(slope !== undefined && slope > 0 && slope < 1)) {
      throw new UserError(`slope must lie between 0 and 1, not ${slope}`);
    }
    return input;
  },
};
