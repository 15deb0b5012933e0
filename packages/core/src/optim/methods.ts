import { type Defaulted, object } from '../schema/index.js';
import { adabreg } from './adabreg.js';
import { adam } from './adam.js';
import { lasso } from './lasso.js';
import { linbreg } from './linbreg.js';
import type { MethodOf } from './method.js';
import { proxsgd } from './proxsgd.js';
import { sgd } from './sgd.js';

const all = { linbreg, adabreg, proxsgd, sgd, adam, lasso };

/** The methods of the paper and its baselines. */
export type MethodName = keyof typeof all;

/** In the order of messages. */
export const methodNames = Object.keys(all) as MethodName[];

/** What all methods together read: a method ignores the numbers that its formula lacks. */
export type Hyperparameters = Intersection<NumbersOf<(typeof all)[MethodName]>>;

type NumbersOf<M> = M extends MethodOf<infer Hyper> ? Hyper : never;
type Intersection<U> = (U extends unknown ? (each: U) => void : never) extends (
  each: infer I,
) => void
  ? { [Name in keyof I]: I[Name] }
  : never;

/** A method that any hyperparameters will do for. */
export type Method = MethodOf<Hyperparameters>;

/** Every method by its name. A new one is a file beside these and a line above. */
export const methods: Readonly<Record<MethodName, Method>> = all;

/** The hyperparameters of all methods, each as the method says that reads it. */
export const hyperparameters = object(
  Object.assign({}, ...Object.values(all).map((method) => method.hyperparameters)) as {
    readonly [Name in keyof Hyperparameters]: Defaulted<Hyperparameters[Name]>;
  },
);
