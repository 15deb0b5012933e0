/** Checking what people and programs wrote, with messages that say what is wrong, where, and what to do. */

export { ConfigError } from '../files/errors.js';
export { build } from './build.js';
export {
  type Defaulted,
  type Entries,
  fields,
  filled,
  list,
  listOf,
  type ObjectSchema,
  type Optional,
  type Options,
  object,
  optional,
  pair,
  partial,
  record,
  type VariantSchema,
  variant,
  withDefault,
} from './containers.js';
export { type Family, family, type Kind, kind } from './family.js';
export { parse, parseJson } from './json.js';
export { nearest } from './nearest.js';
export { fitsPattern } from './pattern.js';
export { type Input, type Output, type Schema, validate } from './schema.js';
export {
  anything,
  check,
  either,
  fraction,
  literal,
  nullable,
  number,
  oneOf,
  text,
  truth,
  type Words,
  whole,
} from './values.js';
