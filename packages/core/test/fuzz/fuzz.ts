import { Backends } from './backends.js';
import { type Act, randomTrial, runTrial, type Trial } from './trial.js';

/** A trial that went wrong. */
interface Failure {
  readonly trial: Trial;
  readonly problem: string;
  /** The shortest part of its calls that goes wrong on new engines; none where these do all right. */
  readonly shortest: readonly Act[] | undefined;
}

interface FuzzOptions {
  /** The first seed. */
  readonly from: number;
  readonly count: number;
  readonly goesOn?: () => boolean;
  onTrial?(done: number, failed: number): void;
  onFailure?(failure: Failure): void;
}

/** After so many trials come new engines. */
const TRIALS_AN_ENGINE = 20;

/** Runs the trials of seeds one after the other. */
export async function fuzz(options: FuzzOptions): Promise<Failure[]> {
  const { from, count, goesOn = () => true, onTrial, onFailure } = options;
  const failures: Failure[] = [];
  const backends = new Backends();
  for (let done = 0; done < count && goesOn(); done++) {
    if ((from + done) % TRIALS_AN_ENGINE === 0) await backends.renew();
    const trial = randomTrial(from + done);
    const problem = await runTrial(trial, backends);
    if (problem) {
      // Whatever it left there must not trouble the next.
      await backends.renew();
      const failure = { trial, problem, shortest: await shorten(trial, backends) };
      failures.push(failure);
      onFailure?.(failure);
    }
    onTrial?.(done + 1, failures.length);
  }
  await backends.renew();
  return failures;
}

/** Leaves calls out as long as it still goes wrong. */
async function shorten(trial: Trial, backends: Backends): Promise<readonly Act[] | undefined> {
  const fails = async (acts: readonly Act[]) => {
    const problem = await runTrial({ ...trial, acts }, backends);
    if (problem) await backends.renew();
    return problem !== undefined;
  };
  if (!(await fails(trial.acts))) return undefined;
  let acts = trial.acts;
  for (let i = acts.length - 1; i >= 0; i--) {
    const fewer = acts.filter((_, at) => at !== i);
    if (await fails(fewer)) acts = fewer;
  }
  return acts;
}

/** All that is needed to repeat a failure. */
export function report({ trial, problem, shortest }: Failure): string {
  const { seed, form, networks, acts } = trial;
  const first = seed - (seed % TRIALS_AN_ENGINE);
  return [
    `seed ${seed} on ${form.build}, ${form.memory} memory, ${form.threads} threads: ${problem}`,
    ...networks.map((made, i) => `  network ${i}: ${JSON.stringify(made)}`),
    `  calls: ${JSON.stringify(acts)}`,
    shortest
      ? `  at least: ${JSON.stringify(shortest)}\n  repeat: npm run fuzz -- --seed ${seed}`
      : `  repeat, for it needs the trials before: npm run fuzz -- --from ${first} --networks ${TRIALS_AN_ENGINE}`,
  ].join('\n');
}
