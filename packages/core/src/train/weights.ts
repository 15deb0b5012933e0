import type { Network } from '../backend/index.js';
import { UserError } from '../files/errors.js';
import type { Tensor } from '../files/safetensors.js';
import { formatShape } from '../graph/index.js';

/** A copy of a network's parameters and running statistics, by PyTorch's names. */
export function readWeights(network: Network): Map<string, Tensor> {
  return new Map(
    [...network.parameters, ...network.buffers].map(({ name, shape, value }) => [
      name,
      { shape, data: network.engine.floats(value).slice() },
    ]),
  );
}

/**
 * Puts saved weights into a network; tensors of other names are left alone.
 *
 * @param source what messages begin with, such as the file's path
 * @throws {UserError} a tensor is missing or has another shape
 */
export function writeWeights(
  network: Network,
  tensors: ReadonlyMap<string, Tensor>,
  source = 'checkpoint',
): void {
  for (const { name, shape, value } of [...network.parameters, ...network.buffers]) {
    const tensor = tensors.get(name);
    if (!tensor) throw new UserError(`${source}: ${name} is missing; it is of another network`);
    if (String(tensor.shape) !== String(shape)) {
      throw new UserError(
        `${source}: ${name} is ${formatShape(tensor.shape)}, the network's is ` +
          `${formatShape(shape)}; it is of another network`,
      );
    }
    network.engine.floats(value).set(tensor.data);
  }
  network.reindex();
}
