import { call, words } from '../../engine/index.js';
import type { Mode } from '../../graph/pass.js';
import type { Placed, Site, WasmLayer } from '../../lowering/wasm.js';
import type { BatchNorm2dLayer } from './layer.js';

/** The kernel calls of a batch norm. */
export const batchNorm2dWasm: WasmLayer<BatchNorm2dLayer> = { place };

function place({ relu, momentum, epsilon }: BatchNorm2dLayer, site: Site): Placed {
  const { batch, inputs, accumulates, output, parameters, buffers } = site;
  const [input, skip] = inputs;
  const { weight, bias } = parameters;
  const channels = weight.rows;
  // Of the batch, kept from the forward pass for the backward one.
  const statistics = {
    mean: words('batch mean', channels),
    inverseDeviation: words('batch inverse deviation', channels),
  };
  const common = {
    batch,
    inputLayout: input.layout.record,
    outputLayout: output.layout.record,
    skipLayout: skip?.layout.record,
    input: input.value,
    output: output.value,
    weight: weight.value,
    ...statistics,
    relu: Number(relu),
  };
  return {
    forward: (mode: Mode) => [
      call(
        mode === 'training' ? 'batchNormTraining' : 'batchNormEvaluation',
        {
          ...common,
          skip: skip?.value,
          bias: bias.value,
          runningMean: buffers.running_mean.value,
          runningVariance: buffers.running_var.value,
          momentum,
          epsilon,
        },
        channels,
      ),
    ],
    backward: () => [
      call(
        'batchNormBackward',
        {
          ...common,
          outputGradient: output.gradient,
          inputGradient: input.gradient,
          skipGradient: skip?.gradient,
          skipAccumulates: Number(accumulates[1] ?? false),
          weightGradient: weight.gradient,
          biasGradient: bias.gradient,
          accumulate: Number(accumulates[0]),
        },
        channels,
      ),
    ],
  };
}
