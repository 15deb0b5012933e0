/** Files read and written with errors a user understands. */
export { readBytes, writeAtomic } from './disk.js';
export { fileError, quoted, UserError } from './errors.js';
export {
  decodeSafetensors,
  encodeSafetensors,
  type Safetensors,
  type Tensor,
} from './safetensors.js';
export { loadSharp } from './sharp.js';
