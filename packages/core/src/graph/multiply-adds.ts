/** How much arithmetic a network asks for: a multiplication with an addition counts one. */
import { sizeOf } from '../math/index.js';
import { INPUT, type ResolvedLayer } from './description.js';
import type { ParameterShape } from './layer.js';
import { BLOCK, type GradientScope } from './pass.js';

/** What the non-zero weights ask for, and what the same network takes where every weight counts. */
export interface MultiplyAdds {
  readonly used: number;
  readonly dense: number;
}

/** A weight tensor as the count sees it. */
export interface WeightWork {
  /** `LAYER.weight`. */
  readonly name: string;
  /** Its entries, zero or not. */
  readonly weights: number;
  /** Where a sample meets each of them: once in a linear layer, at each output pixel of a convolution. */
  readonly positions: number;
  /** Whether the gradient to what it multiplies is computed; to the network's own input it is not. */
  readonly passesGradient: boolean;
}

/** The weight tensors of a network, in its order. */
export function weightWork(layers: readonly ResolvedLayer[]): WeightWork[] {
  return layers.flatMap((layer) =>
    Object.entries(layer.parameters)
      .filter(([, { role }]) => role === 'weight')
      .map(([name, parameter]) => workOf(layer, name, parameter)),
  );
}

function workOf(layer: ResolvedLayer, name: string, { shape }: ParameterShape): WeightWork {
  return {
    name: `${layer.name}.${name}`,
    weights: sizeOf(shape),
    positions: sizeOf(layer.outputShape) / shape[0],
    // The scale of a sum multiplies the second input, all other weights the only one.
    passesGradient: layer.inputs.at(-1) !== INPUT,
  };
}

/**
 * Of a forward pass of one sample.
 *
 * @param nonZeros how many entries of the tensor of this name are not zero
 */
export function inferenceMultiplyAdds(
  work: readonly WeightWork[],
  nonZeros: (name: string) => number,
): MultiplyAdds {
  return add(
    work.map(({ name, weights, positions }) => ({
      used: nonZeros(name) * positions,
      dense: weights * positions,
    })),
  );
}

/**
 * Of a training step on so many samples: the forward pass, the gradient to each layer's input, and the
 * gradient of the weights that the scope takes in. Dense is the same step by SGD.
 */
export function stepMultiplyAdds(
  work: readonly WeightWork[],
  nonZeros: (name: string) => number,
  samples: number,
  scope: GradientScope,
): MultiplyAdds {
  return add(
    work.map(({ name, weights, positions, passesGradient }) => {
      const kept = nonZeros(name);
      const passes = passesGradient ? 2 : 1;
      const gradient = gradientMultiplyAdds(weights, kept, samples, scope);
      return {
        used: positions * (passes * kept * samples + gradient),
        dense: positions * (passes + 1) * weights * samples,
      };
    }),
  );
}

function gradientMultiplyAdds(
  weights: number,
  kept: number,
  samples: number,
  scope: GradientScope,
): number {
  if (scope === 'all') return weights * samples;
  const rest = scope === 'sampled' ? (weights - kept) * Math.min(BLOCK, samples) : 0;
  return kept * samples + rest;
}

function add(parts: readonly MultiplyAdds[]): MultiplyAdds {
  return {
    used: parts.reduce((sum, { used }) => sum + used, 0),
    dense: parts.reduce((sum, { dense }) => sum + dense, 0),
  };
}
