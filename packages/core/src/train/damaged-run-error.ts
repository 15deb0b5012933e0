import { UserError } from '../files/errors.js';

/** What a run has left behind is missing, damaged, or does not fit its configuration. */
export class DamagedRunError extends UserError {}
