export { Engine, type EngineOptions, LANES, type LoadedProgram } from './engine.js';
export { type Build, type Kernels, loadKernels, whyNoKernels } from './kernel-files.js';
export type { KernelName } from './kernels.js';
export {
  hasWideVectors,
  type Machine,
  peakMemoryBytes,
  thisMachine,
  useWideVectors,
  whyNoWideVectors,
} from './machine.js';
export {
  abreast,
  type Call,
  type Condition,
  call,
  callPerBlock,
  type PlannedBuffer,
  type Program,
  record,
  together,
  words,
} from './program.js';
