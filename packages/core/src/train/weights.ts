import { UserError } from '../files/errors.js';
import type { Tensor } from '../files/safetensors.js';
import type { Shape } from '../math/index.js';
import { formatShape, type Network } from '../nn/index.js';

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
  const wanted = [...network.parameters, ...network.buffers];
  checkTensors(wanted, tensors, source);
  for (const { name, value } of wanted) {
    network.engine.floats(value).set(tensors.get(name)!.data);
  }
  network.reindex();
}

/**
 * Makes sure that saved weights hold what a network wants.
 *
 * @param source what messages begin with
 * @throws {UserError} a tensor is missing or has another shape
 */
export function checkTensors(
  wanted: readonly { readonly name: string; readonly shape: Shape }[],
  tensors: ReadonlyMap<string, Tensor>,
  source: string,
): void {
  for (const { name, shape } of wanted) {
    const found = tensors.get(name);
    if (!found) {
      throw new UserError(`${source}: ${name} is missing; it is of another network`);
    }
    if (String(found.shape) !== String(shape)) {
      throw new UserError(
        `${source}: ${name} is ${formatShape(found.shape)}, the network's is ` +
          `${formatShape(shape)}; it is of another network`,
      );
    }
  }
}
