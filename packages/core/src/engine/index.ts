export {
  type Fields,
  list,
  type Planned,
  type PlannedBuffer,
  type PlannedRecord,
  part,
  record,
  words,
} from './buffers.js';
export { Engine, type EngineOptions, LANES, type LoadedProgram } from './engine.js';
export { ActivationKind, Scope, sizes, Update } from './generated/kernels.js';
export { type Build, type Kernels, loadKernels, whyNoKernels } from './kernel-files.js';
export {
  hasWideVectors,
  type Machine,
  peakMemoryBytes,
  thisMachine,
  useWideVectors,
  whyNoWideVectors,
} from './machine.js';
export { mebibytes } from './memory.js';
export {
  abreast,
  type Call,
  type Condition,
  call,
  callPerBlock,
  type KernelName,
  type Program,
  together,
} from './program.js';
export { accessesOf, wholeOf } from './races.js';
