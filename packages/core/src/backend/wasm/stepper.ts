import {
  abreast,
  type Call,
  type Engine,
  type PlannedBuffer,
  type PlannedRecord,
  record,
  words,
} from '../../engine/index.js';
import type { Parameter } from '../../graph/parameter.js';
import type { PlacedParameter } from '../../lowering/parameter.js';
import { countCall } from '../../lowering/support.js';
import type { ParameterState } from '../../optim/method.js';
import { stepPlainly } from '../../optim/step-plainly.js';
import type { StepGroup, Stepper } from '../backend.js';
import { isFused, type Slot, settingsOf, stepCalls } from './fused.js';
import { ProgramCache } from './programs.js';

/** What a stepper needs of the network that it steps. */
export interface SteppedNetwork {
  readonly engine: Engine;
  /** Where a parameter lies. */
  placed(parameter: Parameter): PlacedParameter;
  /** The calls that rebuild the index of a parameter's non-zeros, once these are counted by row. */
  indexCalls(parameter: PlacedParameter): Call[];
}

/** A group with its place in the engine's memory. */
interface PlacedGroup extends StepGroup {
  readonly slots: readonly Slot[];
  /** What the fused kernel reads, shared by the parameters; missing where none can do the steps. */
  readonly settings: PlannedRecord<'Settings'> | undefined;
}

/** Steps the parameters of a network, in fused kernels where these exist, else in plain TypeScript. */
export class WasmStepper implements Stepper {
  readonly #network: SteppedNetwork;
  readonly #groups: readonly PlacedGroup[];
  /** By the name of the parameter. */
  readonly #slots: ReadonlyMap<string, Slot>;
  readonly #programs: ProgramCache;

  constructor(network: SteppedNetwork, groups: readonly StepGroup[]) {
    this.#network = network;
    this.#groups = groups.map((group) => this.#place(group));
    const slots = this.#groups.flatMap((group) => group.slots);
    this.#slots = new Map(slots.map((slot) => [slot.parameter.name, slot]));
    this.#programs = new ProgramCache(network.engine);
  }

  step(t: number, onSupport: boolean): void {
    for (const group of this.#groups) {
      const { settings } = group;
      if (settings) {
        this.#network.engine.setFields(settings, settingsOf(group, t, onSupport));
      } else for (const slot of group.slots) this.#stepPlainly(group, slot, t, onSupport);
    }
    // Parameters have no batch.
    this.#programs.run('step', 1, () =>
      abreast(this.#groups.flatMap((group) => this.#callsOf(group))),
    );
  }

  /** Views of the engine's memory; valid until its next allocation. */
  read({ name }: Parameter): ParameterState {
    const slot = this.#slots.get(name);
    if (!slot) throw new Error(`no group has a parameter '${name}'`);
    return this.#stateOf(slot);
  }

  /** Nothing is left to do: `read` gave views. */
  write(): void {}

  #place(group: StepGroup): PlacedGroup {
    const { method, regularizer, parameters } = group;
    const settings = isFused(method, regularizer)
      ? record('Settings', settingsOf(group, 1, false), 'optimizer settings')
      : undefined;
    return { ...group, settings, slots: parameters.map((each) => this.#slot(group, each)) };
  }

  /** All memory is allocated here: a later allocation would outdate the view of another buffer. */
  #slot({ method, hyper }: StepGroup, parameter: Parameter): Slot {
    const { engine } = this.#network;
    const placed = this.#network.placed(parameter);
    const allocate = (what: string): PlannedBuffer => {
      const buffer = words(`${parameter.name}.${what}`, parameter.rows * parameter.columns);
      engine.allocate(buffer);
      return buffer;
    };
    engine.allocate(placed.gradient);
    return {
      parameter: placed,
      ...(method.usesSubgradient && { subgradient: allocate('subgradient') }),
      moments: Array.from({ length: method.moments(hyper) }, (_, i) => allocate(`moment${i + 1}`)),
    };
  }

  #stepPlainly(group: PlacedGroup, slot: Slot, t: number, onSupport: boolean): void {
    const { method, hyper, regularizer, keepsAlive } = group;
    const gradient = this.#network.engine.floats(slot.parameter.gradient);
    // Biases and gains have no support, and never rest.
    const mayRest = onSupport && slot.parameter.support !== undefined;
    const state = this.#stateOf(slot);
    stepPlainly(method, state, gradient, hyper, regularizer, t, mayRest, keepsAlive);
  }

  /** The kernels of one step, parameter by parameter: move, prox and count, then the index of the non-zeros. */
  #callsOf({ slots, regularizer, settings }: PlacedGroup): Call[][] {
    return slots.map((slot) => {
      const { parameter } = slot;
      const isCounted = settings && regularizer.form?.by !== 'columns';
      return [
        ...(settings ? stepCalls(settings, slot, regularizer) : []),
        ...(isCounted ? [] : countCalls(parameter)),
        ...this.#network.indexCalls(parameter),
      ];
    });
  }

  #stateOf({ parameter, subgradient, moments }: Slot): ParameterState {
    const { engine } = this.#network;
    return {
      theta: engine.floats(parameter.value),
      shape: parameter.shape,
      ...(subgradient && { subgradient: engine.floats(subgradient) }),
      moments: moments.map((moment) => engine.floats(moment)),
    };
  }
}

function countCalls({ support, value }: PlacedParameter): Call[] {
  return support ? [countCall(support, value)] : [];
}
