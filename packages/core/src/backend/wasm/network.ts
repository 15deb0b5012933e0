import { type Call, type Engine, LANES, type PlannedBuffer, words } from '../../engine/index.js';
import type { NetworkDescription } from '../../graph/description.js';
import type { NetworkBuffer, Parameter } from '../../graph/parameter.js';
import type { GradientScope, Mode } from '../../graph/pass.js';
import type { PlacedParameter } from '../../lowering/parameter.js';
import { countCall, defaultBreakEven, indexCalls } from '../../lowering/support.js';
import type { PlacedBuffer } from '../../lowering/wasm.js';
import { type Shape, sizeOf } from '../../math/index.js';
import type {
  Backend,
  BatchResult,
  CompileOptions,
  Inputs,
  LossName,
  Network,
  StepGroup,
} from '../backend.js';
import {
  checkBlock,
  checkLength,
  checkLoaded,
  checkOptions,
  checkTakes,
  copyLabels,
  copySamples,
  predictByBatches,
  tensorNamed,
} from '../samples.js';
import { BatchStage } from './batch.js';
import { type LossPlan, planLoss } from './loss.js';
import { type NetworkPlan, planNetwork, scratchBytes } from './plan.js';
import { ProgramCache } from './programs.js';
import { type SteppedNetwork, WasmStepper } from './stepper.js';

/** Ends the names of programs that gather their batch from the samples held. */
const HELD = ', held';

/** A network in an engine's memory, run by its kernels. All answers come at once. */
export class WasmNetwork implements Network, SteppedNetwork {
  readonly backend: Backend;
  readonly engine: Engine;
  readonly description: NetworkDescription;
  readonly batchSize: number;
  readonly parameters: readonly PlacedParameter[];
  readonly buffers: readonly PlacedBuffer[];
  readonly outputShape: Shape;
  readonly #batch: BatchStage;
  readonly #plan: NetworkPlan;
  readonly #loss: LossPlan;
  /** Where a batch's target values lie, sample after sample. */
  readonly #rawTarget: PlannedBuffer;
  readonly #programs: ProgramCache;
  readonly #tensors: ReadonlyMap<string, PlacedParameter | PlacedBuffer>;

  /**
   * @throws {UserError} the layers do not fit one another (it names the layer), the normalization does not fit
   *   the input, or memory does not suffice
   * @throws RangeError where the batch size is no whole number from 1 on
   */
  constructor(
    backend: Backend,
    engine: Engine,
    description: NetworkDescription,
    options: CompileOptions,
  ) {
    const { batchSize, loss = 'cross-entropy', breakEven = defaultBreakEven } = options;
    const { labelSmoothing } = options;
    checkOptions(options, description.input);
    this.backend = backend;
    this.engine = engine;
    this.description = description;
    this.batchSize = batchSize;
    this.#programs = new ProgramCache(engine);
    this.#batch = new BatchStage(engine, description.input, options);
    this.#plan = planNetwork(description, batchSize, this.#batch.record, breakEven);
    this.parameters = this.#plan.layers.flatMap(({ parameters }) => parameters);
    this.buffers = this.#plan.layers.flatMap(({ buffers }) => buffers);
    this.#tensors = new Map([...this.parameters, ...this.buffers].map((each) => [each.name, each]));
    this.outputShape = this.#plan.output.shape;
    const { output } = this.#plan;
    this.#loss = planLoss(loss, this.#batch.record, output, batchSize, labelSmoothing);
    this.#rawTarget = words('raw targets', batchSize * sizeOf(this.outputShape));
    for (const { value, initial } of this.buffers) engine.floats(value).fill(initial);
    engine.allocate(this.#loss.losses);
    engine.allocate(this.#loss.hits);
    engine.reserveScratch(scratchBytes(this.#plan.layers));
  }

  get loss(): LossName {
    return this.#loss.name;
  }

  read(tensor: Parameter | NetworkBuffer): Float32Array {
    return this.engine.floats(this.#placed(tensor).value).slice();
  }

  readGradient(parameter: Parameter): Float32Array {
    return this.engine.floats(this.placed(parameter).gradient).slice();
  }

  write(tensor: Parameter | NetworkBuffer, values: Float32Array): void {
    const to = this.engine.floats(this.#placed(tensor).value);
    checkLength(tensor.name, to.length, values);
    to.set(values);
  }

  placed(parameter: Parameter): PlacedParameter {
    return this.#placed(parameter) as PlacedParameter;
  }

  #placed(tensor: Parameter | NetworkBuffer): PlacedParameter | PlacedBuffer {
    return tensorNamed(this.#tensors, tensor);
  }

  reindex(): void {
    this.#programs.run('reindex', 1, () =>
      this.parameters.flatMap((parameter) => [
        ...(parameter.support ? [countCall(parameter.support, parameter.value)] : []),
        ...this.indexCalls(parameter),
      ]),
    );
  }

  indexCalls({ name, support, value }: PlacedParameter): Call[] {
    if (!support) return [];
    const owner = this.#plan.layers.find(({ parameters }) =>
      parameters.some((each) => each.name === name),
    );
    return [...indexCalls(support, value), ...(owner?.placed.index ?? [])];
  }

  nonZeros(parameter: Parameter): number {
    const { support, rows, columns } = this.placed(parameter);
    return support ? this.engine.field(support.header, 'nonZeros') : rows * columns;
  }

  activeRows(parameter: Parameter): number {
    const { support, rows } = this.placed(parameter);
    return support ? this.engine.field(support.header, 'activeRows') : rows;
  }

  stepper(groups: readonly StepGroup[]): WasmStepper {
    return new WasmStepper(this, groups);
  }

  hold(inputs: Inputs): void {
    // Programs read the memory where samples were held before.
    if (!this.#batch.hold(inputs)) this.#programs.drop((name) => name.endsWith(HELD));
  }

  loadInputs(inputs: Inputs, order: ArrayLike<number>, from: number, count: number): void {
    this.#batch.load(inputs, order, from, count);
  }

  loadLabels(labels: ArrayLike<number>, order: ArrayLike<number>, from: number): void {
    checkTakes('labels', this.loss);
    const to = this.engine.integers(this.#loss.labels);
    this.#batch.hasTargets = false;
    copyLabels(labels, order, from, this.#batch.samples, sizeOf(this.outputShape), to);
    this.#batch.hasTargets = true;
  }

  loadTargets(values: Float32Array, order: ArrayLike<number>, from: number): void {
    checkTakes('values', this.loss);
    const raw = this.engine.floats(this.#rawTarget);
    this.#batch.hasTargets = false;
    copySamples(values, sizeOf(this.outputShape), order, from, this.#batch.samples, raw);
    this.#batch.hasTargets = true;
  }

  evaluate(): BatchResult {
    this.#checkLoaded();
    this.#run('evaluate', () => [...this.#forward('evaluation'), ...this.#lossCalls('evaluation')]);
    return this.#result();
  }

  differentiate(scope: GradientScope = 'all', sampledBlock = 0): BatchResult {
    this.#checkLoaded();
    checkBlock(sampledBlock, this.#batch.samples);
    this.#batch.chooseBlock(sampledBlock);
    this.#run(scope, () => [
      ...this.#forward('training'),
      ...this.#lossCalls('training'),
      ...this.#backward(scope),
    ]);
    return this.#result();
  }

  predict(inputs: Inputs): Float32Array {
    const outputs = predictByBatches(this, inputs, (to) => {
      this.#run('predict', () => this.#forward('evaluation'));
      this.#readOutputs(to);
    });
    this.#batch.clear();
    return outputs;
  }

  #readOutputs(to: Float32Array): void {
    const { value, layout } = this.#plan.output;
    const size = sizeOf(this.outputShape);
    const blocked = this.engine.floats(value);
    const { channels, height, width, start, row, plane, block } = layout;
    for (let sample = 0; sample < this.#batch.samples; sample++) {
      const first = (Math.floor(sample / LANES) * block + start) * LANES + (sample % LANES);
      let at = sample * size;
      for (let c = 0; c < channels; c++) {
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++)
            to[at++] = blocked[first + (c * plane + y * row + x) * LANES];
        }
      }
    }
  }

  #checkLoaded(): void {
    checkLoaded(this.#batch.samples, this.#batch.hasTargets);
  }

  #run(name: string, build: () => Call[]): void {
    this.#programs.run(this.#batch.isHeld ? name + HELD : name, this.#batch.blocks, build);
  }

  #forward(mode: Mode): Call[] {
    const load = this.#batch.loadCall(this.#plan.input);
    return [load, ...this.#plan.layers.flatMap(({ placed }) => placed.forward(mode))];
  }

  #lossCalls(mode: Mode): Call[] {
    const { name, target, calls } = this.#loss;
    if (name === 'cross-entropy') return [...calls(mode)];
    const tensor = { ...this.#plan.output, value: target };
    return [this.#batch.copyCall(this.#rawTarget, tensor), ...calls(mode)];
  }

  #backward(scope: GradientScope): Call[] {
    return this.#plan.layers
      .toReversed()
      .flatMap(({ prepare, placed }) => [...prepare, ...placed.backward(scope)]);
  }

  #result(): BatchResult {
    const { samples } = this.#batch;
    const losses = this.engine.floats(this.#loss.losses);
    const hits = this.engine.integers(this.#loss.hits);
    const total = { samples, loss: 0, hits: 0 };
    for (let i = 0; i < samples; i++) {
      total.loss += losses[i];
      total.hits += hits[i];
    }
    return total;
  }
}
