import type { Network } from '../backend/index.js';
import type { GradientScope } from '../graph/index.js';
import type { SupportPolicy } from '../optim/index.js';
import { allReady, type Soon, whenReady } from '../soon.js';
import type { BuiltSupport } from './build-support.js';
import type { Optimizer } from './optimizer.js';

/** Steps a network on a support, and lets a policy change that. */
export class SupportSteps {
  readonly #policy: SupportPolicy;
  readonly #weights: BuiltSupport['weights'];
  readonly #network: Network;
  readonly #optimizer: Optimizer;

  constructor({ policy, weights }: BuiltSupport, network: Network, optimizer: Optimizer) {
    this.#policy = policy;
    this.#weights = weights;
    this.#network = network;
    this.#optimizer = optimizer;
  }

  /** One step along the gradients of a scope, which lie with the network: all of them are for the policy alone. */
  step(scope: GradientScope): Soon<void> {
    const { steps } = this.#optimizer;
    if (scope === 'all') this.#optimizer.skip();
    else this.#optimizer.step({ onSupport: true });
    if (this.#policy.changes(steps)) return this.#change(scope, steps);
  }

  #change(scope: GradientScope, steps: number): Soon<void> {
    const weights = this.#weights;
    const gradients = weights.map((weight) =>
      scope === 'all' ? this.#network.readGradient(weight) : undefined,
    );
    return whenReady(allReady(gradients), (gradients) =>
      this.#optimizer.change(weights, (states) => {
        const layers = states.map((state, i) => ({
          name: weights[i].name,
          state,
          gradient: gradients[i],
        }));
        this.#policy.change(layers, steps);
      }),
    );
  }
}
