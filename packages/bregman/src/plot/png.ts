import { loadSharp } from '../files/index.js';
import type { Picture } from './chart.js';

/** Negative, zero, positive: told apart by people with colour vision deficiencies. */
export const diverging = [
  [33, 102, 172],
  [255, 255, 255],
  [178, 24, 43],
] as const;

/** Twice as many pixels as the SVG is wide, for displays that are that fine. */
const DOTS_PER_INCH = 2 * 72;

/**
 * An SVG as a PNG, at twice its size.
 *
 * @throws {UserError} the package sharp does not load
 */
export async function renderPng(svg: string): Promise<Uint8Array> {
  const sharp = await loadSharp('draw PNG');
  return sharp(Buffer.from(svg), { density: DOTS_PER_INCH }).png().toBuffer();
}

/**
 * A picture as the address of a PNG that holds it.
 *
 * @param strongest the value of a diverging picture that has the full colour
 * @param zoom how many pixels wide and high a value becomes
 */
export async function pictureUri(
  picture: Picture,
  strongest: number,
  zoom: number,
): Promise<string> {
  const sharp = await loadSharp('draw images');
  const { width, height } = picture;
  const raw = { width, height, channels: 3 as const };
  const png = await sharp(pixelsOf(picture, strongest), { raw })
    .resize(width * zoom, height * zoom, { kernel: 'nearest' })
    .png({ palette: false, compressionLevel: 9 })
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}

function pixelsOf({ data, channels, isDiverging }: Picture, strongest: number): Uint8Array {
  const isColored = channels === 3;
  const pixels = new Uint8Array((data.length / channels) * 3);
  for (let i = 0; i < pixels.length; i++) {
    const value = data[isColored ? i : Math.floor(i / 3)];
    if (!isDiverging) pixels[i] = 255 * clamp(value, 0, 1);
    // A weight for each colour: grey is 0.
    else if (isColored) pixels[i] = 127.5 * (1 + clamp(value / strongest, -1, 1));
    else pixels[i] = divergingColor(clamp(value / strongest, -1, 1), i % 3);
  }
  return pixels;
}

function divergingColor(share: number, channel: number): number {
  const [negative, zero, positive] = diverging;
  const end = share < 0 ? negative : positive;
  return zero[channel] + Math.abs(share) * (end[channel] - zero[channel]);
}

/** NaN becomes the least. */
function clamp(value: number, least: number, most: number): number {
  return value > least ? Math.min(value, most) : least;
}
