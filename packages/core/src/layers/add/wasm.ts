import { type Call, call, callPerBlock, type PlannedBuffer } from '../../engine/index.js';
import type { Site, WasmLayer } from '../../lowering/wasm.js';
import type { AddLayer } from './layer.js';

/** The kernel calls of a sum. */
export const addWasm: WasmLayer<AddLayer> = {
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
    leftLayout: left.layout.record,
    rightLayout: right.layout.record,
    left: left.value,
    right: right.value,
    scale: parameters.weight?.value,
    output: output.value,
  });
}

/** An input of a sum gets the gradient to the sum. */
function passGradient({ inputs, accumulates, output }: Site, index: number): Call[] {
  const { layout, gradient } = inputs[index];
  if (!gradient) return [];
  return [
    callPerBlock('copyPlanes', {
      from: output.layout.record,
      to: layout.record,
      source: output.gradient,
      target: gradient,
      firstFrom: 0,
      firstTo: 0,
      channels: layout.channels,
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
      layout: output.layout.record,
      rightLayout: right.layout.record,
      outputGradient: output.gradient,
      right: right.value,
      rightGradient: right.gradient,
      scale: weight.value,
      partials,
      accumulate: Number(accumulates[1]),
    }),
    call('foldScale', { batch, partials, scaleGradient: weight.gradient }, 1),
  ];
}
