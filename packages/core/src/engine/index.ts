export { type Build, Engine, type EngineOptions, LANES, type LoadedProgram } from './engine.js';
export type { KernelName } from './kernels.js';
export { type Machine, thisMachine } from './platform.js';
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
export { hasWideVectors, useWideVectors, whyNoWideVectors } from './wide-vectors.js';
