import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** A reproducible source of random numbers; each call advances it. */
export interface RandomStream {
  /** Uniform in [0, 1), 53 random bits. */
  uniform(): number;
  /** Standard normal: mean 0, variance 1. */
  normal(): number;
  /** A uniform integer in [0, n), 1 ≤ n ≤ 2³². */
  below(n: number): number;
  /** True with probability p. */
  bernoulli(p: number): boolean;
  /** Permutes the items in place, every order equally likely. */
  shuffle(items: Int32Array | Uint32Array): void;
}

/**
 * The stream that belongs to a seed and a path, such as `stream(seed, 'shuffle', epoch)`. Streams
 * of different paths are independent, and the same path always gives the same numbers: a resumed
 * run asks for its streams again instead of saving them.
 */
export function stream(seed: number, ...path: (string | number)[]): RandomStream {
  // JSON keeps 1 and '1', and ['ab', 'c'] and ['a', 'bc'], apart.
  const key = JSON.stringify([seed, ...path]);
  const generator = xoroshiro128plusFromState([1, 2, 3, 4].map((salt) => hash(key, salt)));
  const uniform = () => uniformFloat64(generator);
  const below = (n: number) => uniformInt(generator, 0, n - 1);

  return {
    uniform,
    below,
    // Box–Muller; 1 − u keeps the logarithm finite.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    bernoulli: (p) => uniform() < p,
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = below(i + 1);
        const item = items[i];
        items[i] = items[j];
        items[j] = item;
      }
    },
  };
}

/** MurmurHash3 (32 bits), one block a character. */
function hash(text: string, seed: number): number {
  let h = seed;
  for (let i = 0; i < text.length; i++) {
    h ^= Math.imul(rotateLeft(Math.imul(text.charCodeAt(i), 0xcc9e2d51), 15), 0x1b873593);
    h = Math.imul(rotateLeft(h, 13), 5) + 0xe6546b64;
  }
  h ^= text.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function rotateLeft(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}
