import { type Call, call, callPerBlock, type PlannedBuffer } from '../../engine/index.js';
import { UserError } from '../../files/errors.js';
import { sizeOf } from '../../math/index.js';
import type { Layer, Operation, Site } from '../operation.js';
import { layoutOf } from '../planes.js';
import { formatShape, requireImage } from '../shapes.js';

/** The sum of two inputs of one shape; `scaled`: left + s · right with a learnable s (weight (1)). */
export interface AddLayer extends Layer {
  readonly kind: 'add';
  readonly scaled: boolean;
}

/** Describes the sum of two inputs. */
export function add(): AddLayer {
  return { kind: 'add', scaled: false };
}

/** Describes left + s · right with a learnable number s: a skip connection that may vanish. */
export function scaledAdd(): AddLayer {
  return { kind: 'add', scaled: true };
}

/** The channels of several images of one size, one after the other. */
export interface ConcatenateLayer extends Layer {
  readonly kind: 'concatenate';
}

/** Describes the concatenation of images along their channels. */
export function concatenate(): ConcatenateLayer {
  return { kind: 'concatenate' };
}

/** All features of an image in one row, for a linear layer. */
export interface FlattenLayer extends Layer {
  readonly kind: 'flatten';
}

/** Describes flattening. */
export function flatten(): FlattenLayer {
  return { kind: 'flatten' };
}

export const addOperation: Operation<AddLayer> = {
  inputs: 2,

  outputShape(_, [left, right]) {
    if (String(left) !== String(right)) {
      throw new UserError(`its inputs are ${formatShape(left)} and ${formatShape(right)}`);
    }
    return left;
  },

  parameters: ({ scaled }) => (scaled ? { weight: { shape: [1], role: 'weight', fanIn: 1 } } : {}),

  place(layer, site) {
    // Of the scale's gradient, one a block.
    const partials = site.workspace(layer.scaled ? site.blocks * 4 : 0);
    return {
      forward: () => [addForward(site)],
      backward: () => [...passGradient(site, 0), ...rightGradient(site, partials)],
    };
  },
};

function addForward({ inputs: [left, right], output, parameters }: Site): Call {
  return callPerBlock('addScaled', {
    layout: output.layout.record,
    ...{ leftLayout: left.layout.record, rightLayout: right.layout.record },
    ...{ left: left.value, right: right.value, scale: parameters.weight?.value },
    output: output.value,
  });
}

/** An input of a sum gets the gradient to the sum. */
function passGradient({ inputs, accumulates, output }: Site, index: number): Call[] {
  const { layout, gradient } = inputs[index];
  if (!gradient) return [];
  return [
    callPerBlock('copyPlanes', {
      ...{ from: output.layout.record, to: layout.record },
      ...{ source: output.gradient, target: gradient },
      ...{ firstFrom: 0, firstTo: 0, channels: layout.channels },
      accumulate: Number(accumulates[index]),
    }),
  ];
}

function rightGradient(site: Site, partials: PlannedBuffer): Call[] {
  const { batch, inputs, accumulates, output, parameters } = site;
  const { weight } = parameters;
  if (!weight) return passGradient(site, 1);
  const [, right] = inputs;
  return [
    callPerBlock('scaleBackward', {
      ...{ layout: output.layout.record, rightLayout: right.layout.record },
      ...{ outputGradient: output.gradient, right: right.value, rightGradient: right.gradient },
      ...{ scale: weight.value, partials, accumulate: Number(accumulates[1]) },
    }),
    call('foldScale', { batch, partials, scaleGradient: weight.gradient }, 1),
  ];
}

export const concatenateOperation: Operation<ConcatenateLayer> = {
  inputs: 'several',

  outputShape(_, inputs) {
    const [[, height, width]] = inputs.map(requireImage);
    const odd = inputs.find(([, h, w]) => h !== height || w !== width);
    if (odd)
      throw new UserError(`its inputs are ${formatShape(inputs[0])} and ${formatShape(odd)}`);
    return [inputs.reduce((sum, [channels]) => sum + channels, 0), height, width];
  },

  place: (_, { inputs, accumulates, output }) => ({
    forward: () =>
      inputs.map(({ layout, value }, i) =>
        callPerBlock('copyPlanes', {
          ...{ from: layout.record, to: output.layout.record },
          ...{ source: value, target: output.value },
          ...{ firstFrom: 0, firstTo: firstChannel(inputs, i), channels: layout.channels },
          accumulate: 0,
        }),
      ),
    backward: () =>
      inputs.flatMap(({ layout, gradient }, i) =>
        gradient
          ? [
              callPerBlock('copyPlanes', {
                ...{ from: output.layout.record, to: layout.record },
                ...{ source: output.gradient, target: gradient },
                ...{ firstFrom: firstChannel(inputs, i), firstTo: 0, channels: layout.channels },
                accumulate: Number(accumulates[i]),
              }),
            ]
          : [],
      ),
  }),
};

/** Where an input's channels begin among those of the concatenation. */
function firstChannel(inputs: Site['inputs'], index: number): number {
  return inputs.slice(0, index).reduce((sum, { layout }) => sum + layout.channels, 0);
}

export const flattenOperation: Operation<FlattenLayer> = {
  inputs: 1,
  inPlace: 'without halo',
  keepsValues: () => true,
  outputShape: (_, [input]) => [sizeOf(input)],

  place(_, { inputs: [input], accumulates, output }) {
    if (input.value === output.value) return { forward: () => [], backward: () => [] };
    const tight = layoutOf(input.shape).record;
    const all = { firstFrom: 0, firstTo: 0, channels: input.layout.channels };
    return {
      forward: () => [
        callPerBlock('copyPlanes', {
          ...{ from: input.layout.record, to: tight, ...all },
          ...{ source: input.value, target: output.value, accumulate: 0 },
        }),
      ],
      backward: () =>
        input.gradient
          ? [
              callPerBlock('copyPlanes', {
                ...{ from: tight, to: input.layout.record, ...all },
                ...{ source: output.gradient, target: input.gradient },
                accumulate: Number(accumulates[0]),
              }),
            ]
          : [],
    };
  },
};
