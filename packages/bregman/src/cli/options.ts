import { validate, whole } from '@bregman/core/schema';

/**
 * The number that an option has to be.
 *
 * @throws {ConfigError} it is none, or too small or large
 */
export function wholeOption(name: string, text: string, most?: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : text;
  return validate(whole(1, most), value, `--${name}`);
}

/** `--threads` as the library takes it. */
export function threadsOption(text: string | undefined): { threads?: number } {
  return text === undefined ? {} : { threads: wholeOption('threads', text, 1024) };
}

/** 0.05 or 5%; what is no number stays as it is, for the configuration's check to name. */
export function share(text: string): number | string {
  const [, digits, sign] = /^([\d.]+)(%?)$/.exec(text) ?? [];
  const value = Number(digits) / (sign ? 100 : 1);
  return Number.isNaN(value) ? text : value;
}
