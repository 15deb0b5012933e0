import type { Legend, Spec } from 'vega';
import { LETTER } from './style.js';

/** Room for the symbol of an entry and the gap behind it, in pixels. */
const SYMBOL = 80;
/** What the axis takes of the width: the legend begins to the right of it. */
const AXIS = 70;

/**
 * A legend below the chart with an entry for each name; its scales' domains are the names' indices,
 * so that names may be equal. None where there is nothing to tell apart.
 *
 * @param width of the chart in pixels
 */
export function legendOf(
  names: readonly string[],
  width: number,
  channels: Legend,
): Pick<Spec, 'signals' | 'legends'> {
  if (names.every((name) => name === '')) return {};
  const longest = names.reduce((most, { length }) => Math.max(most, length), 0);
  return {
    signals: [{ name: 'names', value: names }],
    legends: [
      {
        orient: 'bottom',
        direction: 'horizontal',
        columns: Math.max(1, Math.floor((width - AXIS) / (longest * LETTER + SYMBOL))),
        symbolSize: 120,
        encode: { labels: { update: { text: { signal: 'names[datum.value]' } } } },
        ...channels,
      },
    ],
  };
}
