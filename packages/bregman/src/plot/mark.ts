import type { Mark } from 'vega';

/** A mark for each row of a data set. */
export function mark(
  type: Mark['type'],
  data: string,
  channels: Readonly<Record<string, unknown>>,
): Mark {
  return { type, from: { data }, aria: false, encode: { enter: channels } } as Mark;
}
