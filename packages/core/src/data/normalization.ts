import type { Dataset } from './samples.js';

/** What a network subtracts and divides by, one value a channel. */
export type Normalization = Pick<Dataset, 'mean' | 'std'>;

/**
 * Mean and standard deviation of bytes / 255 for each channel, exact up to the last division.
 *
 * @param bytes images of `channels` planes, one image after the other.
 * @param plane the pixels of one channel of one image.
 */
export function measure(bytes: Uint8Array, channels: number, plane: number): Normalization {
  const histograms = Array.from({ length: channels }, () => new Uint32Array(256));
  for (let start = 0, channel = 0; start < bytes.length; start += plane) {
    const histogram = histograms[channel];
    for (let i = start; i < start + plane; i++) histogram[bytes[i]]++;
    channel = (channel + 1) % channels;
  }
  const count = bytes.length / channels;
  const moment = (histogram: Uint32Array, power: number) =>
    histogram.reduce((sum, n, byte) => sum + n * byte ** power, 0) / count;
  return {
    mean: histograms.map((histogram) => moment(histogram, 1) / 255),
    // Images of a single shade have no spread to divide by.
    std: histograms.map(
      (histogram) => Math.sqrt(moment(histogram, 2) - moment(histogram, 1) ** 2) / 255 || 1,
    ),
  };
}
