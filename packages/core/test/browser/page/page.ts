/** The page that the tests load in several ways. It counts its frames while it trains. */
import * as core from '@bregman/core';
import { type Found, trainMnist, type Wish } from './mnist.js';

/** The page's frames while a function runs: how many, and the longest time between two, in ms. */
export interface Frames {
  readonly count: number;
  readonly longestGap: number;
}

export interface PageApi {
  readonly core: typeof core;
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

const api: PageApi = {
  core,
  trainMnist: (wish) => withFrames(() => trainMnist(core, readFile, wish)),
};
Object.assign(globalThis, { api });
