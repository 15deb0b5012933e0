import { UserError } from '../files/errors.js';

/** A configuration that cannot be used: wrong in itself, or for its data. */
export class ConfigError extends UserError {}
