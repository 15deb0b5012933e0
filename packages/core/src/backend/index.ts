/** What runs networks: the kernels in WebAssembly, or plain TypeScript. */
export type {
  Backend,
  BatchResult,
  CompileOptions,
  Inputs,
  LossName,
  MemoryBudget,
  Network,
  StepGroup,
  Stepper,
} from './backend.js';
export { type MemoryUse, memoryUse, WasmBackend, WasmNetwork } from './wasm/index.js';
