/** Networks made from one number each. */
import type { CompileOptions, LossName } from '#lib/backend/index.js';
import { INPUT, type Layer, type NamedLayer, type NetworkDescription } from '#lib/graph/index.js';
import { weightWork } from '#lib/graph/multiply-adds.js';
import {
  add,
  averagePool2d,
  batchNorm2d,
  concatenate,
  conv2d,
  flatten,
  globalAveragePool2d,
  kindOf,
  leakyRelu,
  linear,
  maxPool2d,
  relu,
  resolve,
  scaledAdd,
  sigmoid,
  tanh,
} from '#lib/layers/index.js';
import { type BreakEven, defaultBreakEven } from '#lib/lowering/support.js';
import {
  type RandomStream,
  type RegularizerSpec,
  type Shape,
  sizeOf,
  stream,
} from '#lib/math/index.js';
import { type Hyperparameters, type MethodName, methods } from '#lib/optim/index.js';
import { always } from '../nn/site.js';

/** A network with all that a trial needs to know about it. */
export interface RandomNetwork {
  readonly seed: number;
  readonly description: NetworkDescription;
  readonly options: CompileOptions;
  /** Of the weights at the start. */
  readonly density: number;
  /** Share of the inputs that are not background. */
  readonly lit: number;
  readonly method: MethodName;
  readonly regularizer: RegularizerSpec;
  readonly hyper: Hyperparameters;
  /** Of a forward pass of one sample. */
  readonly multiplyAdds: number;
}

/** A forward pass of a batch takes at most so many multiply-adds and numbers. */
const MOST_MULTIPLY_ADDS = 6e6;
const MOST_NUMBERS = 4e5;

/** The network of a seed, small enough to be run in milliseconds. */
export function randomNetwork(seed: number): RandomNetwork {
  for (let attempt = 0; ; attempt++) {
    const made = make(seed, stream(seed, 'network', attempt));
    const { description, options, multiplyAdds } = made;
    const numbers = resolve(description).reduce((sum, each) => sum + sizeOf(each.outputShape), 0);
    const { batchSize } = options;
    const isSmall = batchSize * multiplyAdds < MOST_MULTIPLY_ADDS;
    if (isSmall && batchSize * numbers < MOST_NUMBERS) return made;
  }
}

/** From a stream of its own, so that the seeds keep their networks. */
function smoothing(seed: number, loss: LossName): Pick<CompileOptions, 'labelSmoothing'> {
  const random = stream(seed, 'smoothing');
  return loss === 'cross-entropy' && random.bernoulli(0.3)
    ? { labelSmoothing: 0.9 * random.uniform() }
    : {};
}

function make(seed: number, random: RandomStream): RandomNetwork {
  const batchSize = 1 + random.below(40);
  const loss = random.bernoulli(0.8) ? 'cross-entropy' : 'squared-error';
  const growth = new Growth(random);
  growth.grow();
  growth.end(loss === 'squared-error' && random.bernoulli(0.4));
  const description: NetworkDescription = { input: growth.input, layers: growth.layers };
  const inputType = random.bernoulli(0.5) ? 'bytes' : 'floats';
  const channels = pick(random, [1, description.input[0]]);
  const each = (number: () => number) => Array.from({ length: channels }, number);
  const normalization = {
    mean: each(() => 0.2 * random.normal()),
    std: each(() => 0.3 + random.uniform()),
  };
  const method = pick(random, Object.keys(methods) as MethodName[]);
  return {
    seed,
    description,
    options: {
      batchSize,
      loss,
      inputType,
      breakEven: randomBreakEven(random),
      ...(random.bernoulli(0.5) && { normalization }),
      ...smoothing(seed, loss),
    },
    density: pick(random, [0, 0.02, 0.1, 0.3, 0.45, 0.8, 1, random.uniform()]),
    lit: pick(random, [0, 0.05, 0.2, 0.4, 1]),
    method,
    regularizer: pick(random, regularizers),
    hyper: {
      learningRate: method.startsWith('ada') ? 0.01 : 0.05,
      lambda: pick(random, [0, 0.01, 0.1, 3]),
      delta: pick(random, [1, 0.5, 2]),
      momentum: pick(random, [0, 0.9]),
      beta1: 0.9,
      beta2: 0.99,
      epsilon: 1e-6,
      nesterov: random.bernoulli(0.5),
      weightDecay: pick(random, [0, 0, 0.1]),
      decoupledWeightDecay: pick(random, [0, 0, 0.1]),
    },
    multiplyAdds: weightWork(resolve(description)).reduce(
      (sum, { weights, positions }) => sum + weights * positions,
      0,
    ),
  };
}

/** Mostly such that a network changes its kernels as its density changes. */
function randomBreakEven(random: RandomStream): BreakEven {
  const { bernoulli, uniform } = random;
  if (bernoulli(0.5)) return defaultBreakEven;
  if (bernoulli(0.5)) return pick(random, Object.values(always));
  return { forward: uniform(), inputGradient: uniform(), weightGradient: uniform() };
}

/** For weights of rank 2 and 4. */
const regularizers: readonly RegularizerSpec[] = [
  { kind: 'none' },
  { kind: 'l1' },
  { kind: 'l1' },
  { kind: 'nonnegative-l1' },
  { kind: 'group', by: 'rows' },
  { kind: 'group', by: 'columns' },
  { kind: 'group', by: 'kernels' },
  { kind: 'sparse-group', by: 'filters', mix: 0.5 },
  { kind: 'sparse-group', by: 'columns', mix: 0.3 },
];

interface Tensor {
  readonly name: string;
  readonly shape: Shape;
}

/** Grows a network layer by layer from its input. */
class Growth {
  readonly input: Shape;
  readonly layers: NamedLayer[] = [];
  readonly #random: RandomStream;
  readonly #tensors: Tensor[];
  readonly #read = new Set<string>([INPUT]);
  /** Channels and extents are drawn so that this network reaches the kernels for wide ones. */
  readonly #isWide: boolean;
  readonly #epsilon: number;

  constructor(random: RandomStream) {
    this.#random = random;
    this.#isWide = random.bernoulli(0.45);
    this.#epsilon = pick(random, [1e-5, 0.1]);
    this.input = this.#drawInput();
    this.#tensors = [{ name: INPUT, shape: this.input }];
  }

  #drawInput(): Shape {
    const { below, bernoulli } = this.#random;
    if (bernoulli(0.3)) return [1 + below(this.#isWide ? 150 : 40)];
    const extent = () => (this.#isWide ? 2 * (1 + below(5)) : 1 + below(11));
    const height = extent();
    const width = bernoulli(0.5) ? height : extent();
    return [this.#isWide && bernoulli(0.6) ? 15 + below(6) : 1 + below(4), height, width];
  }

  /** Adds some layers, most to the last one. */
  grow(): void {
    const wanted = 1 + this.#random.below(7);
    for (let tries = 0; this.layers.length < wanted && tries < 30; tries++) {
      const from = this.#random.bernoulli(0.8)
        ? this.#tensors.at(-1)!
        : pick(this.#random, this.#tensors);
      this.#extend(from);
    }
  }

  #extend(from: Tensor): void {
    const isImage = from.shape.length === 3;
    const [layer, ...others] = isImage ? this.#afterImage(from) : this.#afterVector(from);
    this.#add(layer, [from, ...others]);
  }

  #afterImage(from: Tensor): [Layer, ...Tensor[]] {
    const { below, bernoulli } = this.#random;
    const [channels, height, width] = from.shape;
    switch (below(10)) {
      case 0:
      case 1:
      case 2:
        return [this.#isWide ? this.#ordinaryConvolution() : this.#convolution()];
      case 3:
        return [this.#ordinaryConvolution()];
      case 4: {
        const skips = this.#alike(from);
        const skip = skips.length > 0 && bernoulli(0.6) ? [pick(this.#random, skips)] : [];
        return [batchNorm2d({ relu: bernoulli(0.6), epsilon: this.#epsilon }), ...skip];
      }
      case 5: {
        const size = 1 + below(3);
        const options = { stride: 1 + below(3), padding: below(Math.floor(size / 2) + 1) };
        if (height === width && bernoulli(0.2)) return [globalAveragePool2d()];
        if (bernoulli(0.3)) return [maxPool2d(2)];
        return [bernoulli(0.5) ? maxPool2d(size, options) : averagePool2d(size, options)];
      }
      case 6:
        return [this.#activation()];
      case 7:
        return this.#join(from);
      case 8: {
        const sameSize = this.#tensors.filter(
          ({ shape }) => shape.length === 3 && shape[1] === height && shape[2] === width,
        );
        const others = Array.from({ length: 1 + below(2) }, () => pick(this.#random, sameSize));
        return [concatenate(), ...others];
      }
      default:
        return channels * height * width < 600 ? [flatten()] : [this.#activation()];
    }
  }

  #afterVector(from: Tensor): [Layer, ...Tensor[]] {
    const { below, bernoulli } = this.#random;
    switch (below(5)) {
      case 0:
      case 1: {
        const outputs = bernoulli(0.35) ? 96 + below(60) : 1 + below(this.#isWide ? 60 : 20);
        return [linear(outputs, { bias: bernoulli(0.8) })];
      }
      case 2:
        return this.#join(from);
      default:
        return [this.#activation()];
    }
  }

  /** 3 × 3, stride 1, padded: what goes by patches where there are channels enough. */
  #ordinaryConvolution(): Layer {
    const { bernoulli } = this.#random;
    const padding = bernoulli(0.8) ? 1 : 2;
    return conv2d(this.#channels(), 3, { padding, bias: bernoulli(0.5) });
  }

  #convolution(): Layer {
    const { below, bernoulli } = this.#random;
    const size = 1 + below(5);
    const stride = bernoulli(0.6) ? 1 : 1 + below(3);
    return conv2d(this.#channels(), size, { stride, padding: below(size), bias: bernoulli(0.5) });
  }

  #channels(): number {
    const { below, bernoulli } = this.#random;
    if (!this.#isWide) return 1 + below(6);
    return bernoulli(0.1) ? 40 + below(40) : 15 + below(12);
  }

  #activation(): Layer {
    return pick(this.#random, [relu(), relu(), leakyRelu(0.1), sigmoid(), tanh()]);
  }

  #join(from: Tensor): [Layer, ...Tensor[]] {
    return [
      this.#random.bernoulli(0.5) ? add() : scaledAdd(),
      pick(this.#random, this.#alike(from)),
    ];
  }

  /** Tensors of the same shape, itself among them. */
  #alike({ shape }: Tensor): Tensor[] {
    return this.#tensors.filter((each) => String(each.shape) === String(shape));
  }

  /** Adds a layer where it fits. */
  #add(layer: Layer, inputs: readonly Tensor[]): Tensor | undefined {
    const name = `${this.layers.length}-${layer.kind}`;
    try {
      const shapes = inputs.map(({ shape }) => shape);
      const tensor = { name, shape: kindOf(layer).type.outputShape(layer, shapes) };
      this.layers.push({ name, layer, inputs: inputs.map((each) => each.name) });
      for (const each of inputs) this.#read.add(each.name);
      this.#tensors.push(tensor);
      return tensor;
    } catch {
      return undefined;
    }
  }

  /** Brings everything that nobody reads to a few outputs. */
  end(mayBeImage: boolean): void {
    const idle = () => this.#tensors.filter(({ name }) => !this.#read.has(name));
    if (mayBeImage && this.layers.length > 0 && idle().length === 1) return;
    const outputs = 1 + this.#random.below(12);
    const ends = this.layers.length > 0 ? idle() : this.#tensors.slice();
    const sums = ends.map((each) => {
      const row = each.shape.length === 3 ? this.#add(flatten(), [each])! : each;
      return this.#add(linear(outputs), [row])!;
    });
    sums.reduce(
      (left, right) => this.#add(pick(this.#random, [add(), scaledAdd()]), [left, right])!,
    );
  }
}

function pick<T>({ below }: RandomStream, items: readonly T[]): T {
  return items[below(items.length)];
}
