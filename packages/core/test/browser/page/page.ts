/** The page that the tests load in several ways. It counts its frames while it trains. */
import * as core from '@bregman/core';
import { type Found, loadMnist, trainMnist, type Wish } from './mnist.js';

/** The page's frames while a function runs: how many, and the longest time between two, in ms. */
export interface Frames {
  readonly count: number;
  readonly longestGap: number;
}

export interface PageApi {
  readonly core: typeof core;
  /** A run of a blink, and its data. */
  readonly tiny: { readonly config: core.ConfigInput; readonly data: core.TrainingData };
  /** The error that a function ends in: its class and what it says. */
  failureOf(body: () => Promise<unknown>): Promise<{ type: string; message: string }>;
  trainMnist(wish: Wish): Promise<Found & { readonly frames: Frames }>;
}

const readFile = async (name: string) => {
  const response = await fetch(`/mnist/${name}`);
  return new Uint8Array(await response.arrayBuffer());
};

async function withFrames<T>(body: () => Promise<T>): Promise<T & { frames: Frames }> {
  let count = 0;
  let longestGap = 0;
  let last = performance.now();
  let isOn = true;
  const next = () => {
    const now = performance.now();
    longestGap = Math.max(longestGap, now - last);
    last = now;
    count++;
    if (isOn) requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
  const result = await body();
  isOn = false;
  return { ...result, frames: { count, longestGap } };
}

const tiny: PageApi['tiny'] = {
  config: {
    model: { kind: 'mlp', hidden: [8] },
    start: { density: 0.5 },
    validation: 0,
    batchSize: 16,
    epochs: 3,
  },
  data: {
    train: core.samples(
      Float32Array.from({ length: 100 * 4 }, (_, i) => Math.sin(i * i)),
      [4],
      Array.from({ length: 100 }, (_, i) => i % 3),
    ),
  },
};

async function failureOf(body: () => Promise<unknown>): Promise<{ type: string; message: string }> {
  const { ConfigError, DamagedRunError, DivergenceError, UserError } = core;
  const classes = { ConfigError, DamagedRunError, DivergenceError, UserError, Error };
  try {
    await body();
  } catch (error) {
    const [type] = Object.entries(classes).find(([, each]) => error instanceof each)!;
    return { type, message: (error as Error).message };
  }
  return { type: 'none', message: 'it succeeded' };
}

const api: PageApi = {
  core,
  tiny,
  failureOf,
  async trainMnist(wish) {
    const data = await loadMnist(core, readFile);
    return withFrames(() => trainMnist(core, data, wish));
  },
};
Object.assign(globalThis, { api });
