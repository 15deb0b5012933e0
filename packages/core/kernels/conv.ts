// What the convolution kernels share. Activations lie as [block][channel][row][column][16] with a
// halo of zeros around every plane, so that no kernel asks where the border is. Sizes and offsets
// are in lines of 64 bytes.

import { LINE_SHIFT, scratch } from './layout';

/**
 * A sweep of filters over planes: output position (y, x) reads the lines at
 * inputStart + y · inputStepY + x · inputStepX + taps[column]. The forward pass is one sweep; the
 * gradient to the input is one over the gradient to the output, with the weights transposed and
 * flipped: for stride s one sweep for each of the s² places that an input can have under it.
 */
@unmanaged
export class Sweep {
  height: i32;
  width: i32;
  /** Rows of positions in a tile. */
  rowsPerTile: i32;
  /** Tiles of a block: ⌈height / rowsPerTile⌉. */
  tilesPerBlock: i32;
  inputBlock: i32;
  inputStart: i32;
  inputStepY: i32;
  inputStepX: i32;
  outputBlock: i32;
  outputStart: i32;
  outputStepY: i32;
  outputStepX: i32;
  /** From one output channel to the next. */
  outputPlane: i32;
  /** For each column of the (transposed) weight its line, or −1 where the sweep leaves it out. */
  taps: usize;
  /** Columns in a piece: with their lines a strip's inputs stay in the second-level cache. */
  pieceColumns: i32;
  /** The columns that the sweep visits: how many, their lines, and where they lie in a weight's row. */
  depth: i32;
  lines: usize;
  weightOffsets: usize;
  /** From one row of the (transposed) weight to the next. */
  weightStep: i32;
}

/** Positions that a tile may have. */
export const MOST_POSITIONS: i32 = 1024;
/** Bytes of a tile's table of positions at the start of the scratch memory. */
export const POSITION_BYTES: usize = <usize>MOST_POSITIONS * 8;

/**
 * Writes the byte offsets (input, output) of a tile's positions within a block to the scratch
 * memory, and returns how many there are.
 */
export function placePositions(sweep: Sweep, strip: i32): i32 {
  const first = strip * sweep.rowsPerTile;
  const last = min(first + sweep.rowsPerTile, sweep.height);
  let at = scratch();
  for (let y = first; y < last; y++) {
    let input = sweep.inputStart + y * sweep.inputStepY;
    let output = sweep.outputStart + y * sweep.outputStepY;
    for (let x = 0; x < sweep.width; x++, at += 8) {
      store<i32>(at, input << LINE_SHIFT);
      store<i32>(at, output << LINE_SHIFT, 4);
      input += sweep.inputStepX;
      output += sweep.outputStepX;
    }
  }
  return (last - first) * sweep.width;
}

// @inline
export function inputAt(position: i32): usize {
  return <usize>load<i32>(scratch() + <usize>(position << 3));
}

// @inline
export function outputAt(position: i32): usize {
  return <usize>load<i32>(scratch() + <usize>(position << 3), 4);
}
