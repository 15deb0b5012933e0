import { UserError } from '../../files/errors.js';
import type { Layer, LayerType } from '../../graph/layer.js';
import { sizeOf } from '../../math/index.js';

/** y = W x + b on the flattened input. Parameters: weight (out, in), bias (out). */
export interface LinearLayer extends Layer {
  readonly kind: 'linear';
  readonly outputs: number;
  readonly bias: boolean;
}

/** Describes a linear layer with so many outputs. */
export function linear(outputs: number, { bias = true }: { bias?: boolean } = {}): LinearLayer {
  return { kind: 'linear', outputs, bias };
}

export const linearType: LayerType<LinearLayer> = {
  inputs: 1,

  outputShape({ outputs }, [input]) {
    if (!Number.isInteger(outputs) || outputs < 1) {
      throw new UserError(`outputs must be a whole number from 1 on, not ${outputs}`);
    }
    if (sizeOf(input) === 0) throw new UserError('the input is empty');
    return [outputs];
  },

  parameters({ outputs, bias }, [input]) {
    const fanIn = sizeOf(input);
    return {
      weight: { shape: [outputs, fanIn], role: 'weight', fanIn },
      ...(bias && { bias: { shape: [outputs], role: 'bias', fanIn } }),
    };
  },
};
