import type { ConfigInput } from './config.js';

/** A named configuration with a line on what it shows. */
export interface Preset {
  readonly description: string;
  readonly config: ConfigInput;
}
