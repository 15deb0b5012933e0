/** What vectors of 256 bits bring: the same programs with and without them, taking turns, each in its own process. */

import { median, NARROW, parseAnswer, printTable, ratio, runProgram } from './lib.js';
import type { StepFigures } from './resnet-step.js';
import type { ConvFigures } from './wide-conv.js';

const ROUNDS = 2;
const STEPS = [
  { name: 'ResNet-18, a step at 5 % on the support', task: ['0.05', 'support'] },
  { name: 'the same, exact', task: ['0.05', 'all'] },
  { name: 'ResNet-18, a dense step', task: ['1', 'all'] },
] as const;

function ask<Figures>(program: string, args: readonly string[]): Figures {
  const path = new URL(program, import.meta.url).pathname;
  return parseAnswer<Figures>(runProgram(process.execPath, ['--import', 'tsx', path, ...args]));
}

/** Milliseconds of every row of the table. */
function measure(flags: readonly string[]): number[] {
  const conv = ask<ConvFigures>('./wide-conv.ts', flags);
  const steps = STEPS.map(
    ({ task }) => ask<StepFigures>('./resnet-step.ts', [...task, ...flags]).step,
  );
  return [conv.weights, conv.kernels, ...steps];
}

export async function benchWide(): Promise<void> {
  const narrow: number[][] = [];
  const wide: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    narrow.push(measure([NARROW]));
    wide.push(measure([]));
  }
  const names = [
    '3 × 3 convolutions, single weights, 5 %, forward + backward, mean of the four shapes',
    'the same, whole kernels',
    ...STEPS.map(({ name }) => name),
  ];
  const list = (rounds: readonly number[][], row: number) =>
    rounds.map((times) => times[row].toFixed(times[row] < 100 ? 1 : 0)).join(', ');
  const middle = (rounds: readonly number[][], row: number) =>
    median(rounds.map((times) => times[row]));
  console.log('### What wide vectors bring, milliseconds, two threads\n');
  printTable(
    ['', 'narrow', 'wide', 'narrow / wide'],
    names.map((name, row) => [
      name,
      list(narrow, row),
      list(wide, row),
      ratio(middle(narrow, row), middle(wide, row)),
    ]),
  );
}
