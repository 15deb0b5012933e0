import { UserError } from '../files/errors.js';
import {
  decodeSafetensors,
  encodeSafetensors,
  type Safetensors,
  type Tensor,
} from '../files/safetensors.js';
import { parseJson } from '../schema/json.js';
import type { Checkpoint, Progress } from './fit.js';
import { progressSchema } from './stored.js';

/** Where a run left off: enough to continue to the same bits. */
export interface ResumePoint {
  readonly progress: Progress;
  /** The network's and the optimizer's, by name. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

type Kept = Pick<Checkpoint, 'progress' | 'weights' | 'optimizer'>;

/** What `resume` needs of a checkpoint, as a safetensors file holds it. */
export function checkpointFile({ progress, weights, optimizer }: Kept): Safetensors {
  const metadata = { progress: JSON.stringify(progress) };
  return { tensors: new Map([...weights, ...optimizer]), metadata };
}

/** What `resume` needs of a checkpoint, as the bytes of a safetensors file. */
export function encodeCheckpoint(checkpoint: Kept): Uint8Array<ArrayBuffer> {
  const { tensors, metadata } = checkpointFile(checkpoint);
  return encodeSafetensors(tensors, metadata);
}

/**
 * Reads what `encodeCheckpoint` wrote: `train` takes it as `resume`.
 *
 * @param source what messages begin with, such as the file's path
 * @throws {UserError} the bytes are damaged, or hold no checkpoint
 */
export function decodeCheckpoint(bytes: Uint8Array, source = 'checkpoint'): ResumePoint {
  const { tensors, metadata } = decodeSafetensors(bytes, source);
  if (metadata.progress === undefined) {
    throw new UserError(`${source}: it holds no state of a run`);
  }
  return { progress: parseJson(metadata.progress, source, progressSchema), tensors };
}
