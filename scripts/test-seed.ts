/** Loaded before every test file: properties are tried on the same cases each time; SEED=n tries others. */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.SEED ?? 2105) });
