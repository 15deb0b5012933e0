import type { Network } from '../backend/index.js';
import {
  type GradientScope,
  inferenceMultiplyAdds,
  type MultiplyAdds,
  stepMultiplyAdds,
  weightWork,
} from '../graph/index.js';
import { resolve } from '../layers/index.js';

/** Counts the multiply-adds of a network's steps, by the weights that are not zero. */
export class WorkCounter {
  /** Of all steps. */
  total: MultiplyAdds = { used: 0, dense: 0 };
  readonly #work;
  readonly #nonZeros: (name: string) => number;

  constructor(network: Network) {
    const parameters = new Map(network.parameters.map((each) => [each.name, each]));
    this.#work = weightWork(resolve(network.description));
    this.#nonZeros = (name) => network.nonZeros(parameters.get(name)!);
  }

  /** Adds a step that is about to be taken. */
  addStep(samples: number, scope: GradientScope): void {
    const { used, dense } = stepMultiplyAdds(this.#work, this.#nonZeros, samples, scope);
    this.total = { used: this.total.used + used, dense: this.total.dense + dense };
  }

  /** Of the inference of one sample, with the network as it is. */
  inference(): MultiplyAdds {
    return inferenceMultiplyAdds(this.#work, this.#nonZeros);
  }
}
