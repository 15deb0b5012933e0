/** Errors for people, and safetensors. */
export { fileError, quoted, UserError } from './errors.js';
export {
  decodeSafetensors,
  encodeSafetensors,
  type Safetensors,
  safetensorsPieces,
  type Tensor,
} from './safetensors.js';
