import { UserError } from '../files/errors.js';
import type { Tensor } from '../files/safetensors.js';
import { formatShape, type Network } from '../nn/index.js';

/**
 * Puts saved weights into a network; tensors of other names are left alone.
 *
 * @param source what messages begin with, such as the file's path
 * @throws {UserError} a parameter is missing or has another shape
 */
export function writeWeights(
  network: Network,
  tensors: ReadonlyMap<string, Tensor>,
  source = 'checkpoint',
): void {
  for (const parameter of network.parameters) {
    const tensor = tensors.get(parameter.name);
    if (!tensor) {
      throw new UserError(`${source}: ${parameter.name} is missing; it is of another network`);
    }
    if (String(tensor.shape) !== String(parameter.shape)) {
      throw new UserError(
        `${source}: ${parameter.name} is ${formatShape(tensor.shape)}, the network's is ` +
          `${formatShape(parameter.shape)}; it is of another network`,
      );
    }
    network.write(parameter, tensor.data);
  }
  network.reindex();
}
