import { accessesOf, type Planned, type Program, record, wholeOf } from '../../engine/index.js';
import type { NetworkDescription } from '../../graph/description.js';
import { defaultBreakEven } from '../../lowering/support.js';
import { sizeOf } from '../../math/index.js';
import type { CompileOptions } from '../backend.js';
import { planNetwork, scratchBytes } from './plan.js';

/** What a network in training takes, in bytes, before it is compiled. */
export interface MemoryUse {
  /** All its tensors: activations, weights, gradients, indices. */
  readonly network: number;
  /** One array as large as all its parameters: optimizers keep up to three of them. */
  readonly parameters: number;
  /** What each thread wants for itself. */
  readonly scratch: number;
}

/**
 * Plans a network and adds up the memory that its training steps name.
 *
 * @throws {UserError} the layers do not fit one another: names the layer
 */
export function memoryUse(
  description: NetworkDescription,
  { batchSize, inputType, breakEven = defaultBreakEven }: CompileOptions,
): MemoryUse {
  const batch = record('Batch', { samples: 0, blocks: 0, sampledBlock: 0 });
  const { layers } = planNetwork(description, batchSize, batch, breakEven);
  const buffers = new Set<Planned>();
  for (const { placed, prepare, parameters } of layers) {
    collect([...prepare, ...placed.forward('training')], buffers);
    for (const scope of ['all', 'support'] as const) collect(placed.backward(scope), buffers);
    for (const { value, gradient } of parameters) buffers.add(value).add(gradient);
  }
  const inputs = batchSize * sizeOf(description.input) * (inputType === 'bytes' ? 1 : 4);
  const parameters = layers.flatMap((layer) => layer.parameters);
  return {
    network: inputs + bytesOf(buffers),
    parameters: bytesOf(new Set(parameters.map(({ value }) => value))),
    scratch: scratchBytes(layers),
  };
}

function collect(program: Program, into: Set<Planned>): void {
  for (const { buffer } of program.flatMap(accessesOf)) into.add(wholeOf(buffer));
}

function bytesOf(buffers: ReadonlySet<Planned>): number {
  return [...buffers].reduce((sum, { bytes }) => sum + bytes, 0);
}
