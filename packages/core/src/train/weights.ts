import type { Network } from '../backend/index.js';
import { UserError } from '../files/errors.js';
import type { Tensor } from '../files/safetensors.js';
import { formatShape } from '../graph/index.js';
import type { Shape } from '../math/index.js';

/** A copy of a network's parameters and running statistics, by PyTorch's names. */
export async function readWeights(network: Network): Promise<Map<string, Tensor>> {
  const weights = new Map<string, Tensor>();
  for (const tensor of [...network.parameters, ...network.buffers]) {
    weights.set(tensor.name, { shape: tensor.shape, data: await network.read(tensor) });
  }
  return weights;
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
  for (const own of wanted) network.write(own, tensors.get(own.name)!.data);
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
    if (!found) throw new UserError(`${source}: ${name} is missing; it is of another network`);
    if (String(found.shape) !== String(shape)) {
      throw new UserError(
        `${source}: ${name} is ${formatShape(found.shape)}, the network's is ` +
          `${formatShape(shape)}; it is of another network`,
      );
    }
  }
}
