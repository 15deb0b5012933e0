import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { ConfigError, nearest, parse } from '@bregman/core/schema';
import { presets } from '@bregman/core/train';
import { readBytes } from '../files/index.js';

/** A configuration as it was written, with a name for its runs. */
export interface NamedConfig {
  readonly name: string;
  /** Not checked yet, so that values can still be set; the caller's own copy. */
  readonly input: object;
}

/**
 * The configuration of a preset, or of a JSON file by its path.
 *
 * @throws {ConfigError} there is no such preset or file, or it holds no object
 */
export async function loadConfigInput(presetOrPath: string): Promise<NamedConfig> {
  if (Object.hasOwn(presets, presetOrPath)) {
    return { name: presetOrPath, input: structuredClone(presets[presetOrPath].config) };
  }
  if (!isPath(presetOrPath)) throw unknownPreset(presetOrPath);
  const input = parse(new TextDecoder().decode(await readBytes(presetOrPath)), presetOrPath);
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new ConfigError(`${presetOrPath}: it must hold an object`);
  }
  return { name: basename(presetOrPath, '.json'), input };
}

function isPath(text: string): boolean {
  return /\.json$|[/\\]/.test(text) || existsSync(text);
}

function unknownPreset(name: string): ConfigError {
  const names = Object.keys(presets);
  return new ConfigError(
    `there is no preset '${name}' (did you mean ${nearest(name, names)}?); ` +
      `presets: ${names.join(', ')}; or give the path of a config.json`,
  );
}
