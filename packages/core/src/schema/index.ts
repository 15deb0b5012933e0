/** Checking what people and programs wrote, with messages that say what is wrong, where, and what to do. */
export { ConfigError } from './config-error.js';
export { parse, parseJson } from './json.js';
export { nearest } from './nearest.js';
export { fitsPattern } from './pattern.js';
export { build, listOf, number, object, oneOf, validate, whole } from './validate.js';
