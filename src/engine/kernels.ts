/**
 * The arguments of every kernel, in the order of its record in `kernels/`. A pointer takes a
 * planned buffer (0 where a kernel allows none), the others a number.
 */
export const kernels = {
  loadBatch: {
    batch: 'pointer',
    features: 'i32',
    plane: 'i32',
    bytes: 'i32',
    raw: 'pointer',
    scale: 'pointer',
    shift: 'pointer',
    output: 'pointer',
  },
  linearForward: {
    batch: 'pointer',
    support: 'pointer',
    input: 'pointer',
    weight: 'pointer',
    bias: 'pointer',
    output: 'pointer',
  },
  linearInputGradient: {
    batch: 'pointer',
    support: 'pointer',
    weight: 'pointer',
    outputGradient: 'pointer',
    inputGradient: 'pointer',
  },
  linearWeightGradient: {
    batch: 'pointer',
    support: 'pointer',
    input: 'pointer',
    outputGradient: 'pointer',
    weightGradient: 'pointer',
    onSupport: 'i32',
  },
  sparseForward: {
    batch: 'pointer',
    support: 'pointer',
    input: 'pointer',
    bias: 'pointer',
    output: 'pointer',
  },
  sparseInputGradient: {
    batch: 'pointer',
    support: 'pointer',
    outputGradient: 'pointer',
    inputGradient: 'pointer',
  },
  sparseWeightGradient: {
    batch: 'pointer',
    support: 'pointer',
    input: 'pointer',
    outputGradient: 'pointer',
    weightGradient: 'pointer',
  },
  biasGradient: {
    batch: 'pointer',
    features: 'i32',
    outputGradient: 'pointer',
    biasGradient: 'pointer',
  },
  activationForward: {
    kind: 'i32',
    features: 'i32',
    slope: 'f32',
    input: 'pointer',
    output: 'pointer',
  },
  activationBackward: {
    kind: 'i32',
    features: 'i32',
    slope: 'f32',
    output: 'pointer',
    outputGradient: 'pointer',
    inputGradient: 'pointer',
  },
  softmaxCrossEntropy: {
    batch: 'pointer',
    classes: 'i32',
    logits: 'pointer',
    labels: 'pointer',
    gradient: 'pointer',
    losses: 'pointer',
    hits: 'pointer',
  },
  squaredError: {
    batch: 'pointer',
    features: 'i32',
    output: 'pointer',
    target: 'pointer',
    gradient: 'pointer',
    losses: 'pointer',
  },
  optimizerStep: {
    settings: 'pointer',
    rows: 'i32',
    columns: 'i32',
    rowsPerTile: 'i32',
    groupSize: 'i32',
    theta: 'pointer',
    moved: 'pointer',
    gradient: 'pointer',
    firstMoment: 'pointer',
    secondMoment: 'pointer',
    counts: 'pointer',
  },
  shrinkColumns: {
    settings: 'pointer',
    rows: 'i32',
    columns: 'i32',
    depth: 'i32',
    theta: 'pointer',
  },
  countRows: { support: 'pointer', weight: 'pointer' },
  supportIndex: {
    support: 'pointer',
    forwardBreakEven: 'f32',
    inputGradientBreakEven: 'f32',
    weightGradientBreakEven: 'f32',
  },
  supportFill: { support: 'pointer', weight: 'pointer' },
} as const satisfies Record<string, Record<string, 'pointer' | 'i32' | 'f32'>>;

export type KernelName = keyof typeof kernels;

/** In the order of their numbers in a loaded program. */
export const kernelNames = Object.keys(kernels) as KernelName[];
