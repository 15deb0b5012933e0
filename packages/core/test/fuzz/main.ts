/**
 * Random networks for as long as one likes: `npm run fuzz -- --networks 20000`, `--minutes 30`, `--from 1000`;
 * `--seed 123` repeats one; `--no-wide` does without vectors of 256 bits.
 */
import { parseArgs } from 'node:util';
import { useWideVectors } from '#lib/engine/index.js';
import { fuzz, report } from './fuzz.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '0' },
    networks: { type: 'string', default: '500' },
    minutes: { type: 'string' },
    'no-wide': { type: 'boolean', default: false },
  },
});

if (!values['no-wide'] && useWideVectors()) console.log('with vectors of 256 bits');
const isOne = values.seed !== undefined;
const from = Number(values.seed ?? values.from);
const until = values.minutes ? Date.now() + 60_000 * Number(values.minutes) : Infinity;
const count = isOne ? 1 : values.minutes ? Infinity : Number(values.networks);

const begun = Date.now();
const rate = (done: number) => ((1000 * done) / (Date.now() - begun)).toFixed(1);
const failures = await fuzz({
  from,
  count,
  goesOn: () => Date.now() < until,
  onTrial(done, failed) {
    if (done % 100 !== 0) return;
    console.log(`${done} networks, ${failed} failed, ${rate(done)} a second`);
  },
  onFailure: (failure) => console.log(report(failure)),
});
console.log(`from seed ${from}: ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;
