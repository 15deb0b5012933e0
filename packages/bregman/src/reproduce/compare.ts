import { formatValue, type Metric } from './metric.js';
import { type Statistics, statistics } from './statistics.js';

/**
 * Calls the difference between our values and somebody else's, one a seed, by its name. There is none
 * where the means are no further apart than twice the standard error of their difference.
 */
export function differenceInWords(
  ours: readonly number[],
  theirs: readonly number[],
  metric: Metric,
): string {
  const own = statistics(ours);
  const other = statistics(theirs);
  const difference = own.mean - other.mean;
  if (formatValue(metric, own.mean) === formatValue(metric, other.mean)) return 'equal';
  const error = standardError(own, other);
  if (error !== undefined && Math.abs(difference) <= 2 * error) return 'within the spread';
  const words = `${amount(Math.abs(difference), other.mean, metric)} ${difference > 0 ? metric.more : metric.less}`;
  return error === undefined ? `${words}, one seed each` : words;
}

/**
 * Of the difference of two means. A single value is taken to spread like those of the other side;
 * undefined where both are.
 */
function standardError(a: Statistics, b: Statistics): number | undefined {
  const ofA = a.deviation ?? b.deviation;
  const ofB = b.deviation ?? ofA;
  if (ofA === undefined || ofB === undefined) return undefined;
  return Math.hypot(ofA / Math.sqrt(a.count), ofB / Math.sqrt(b.count));
}

/** Of shares in points, of other numbers in per cent of theirs. */
function amount(difference: number, theirs: number, { isShare }: Metric): string {
  if (isShare) return `${oneDigitAtLeast(100 * difference)} points`;
  return `${oneDigitAtLeast((100 * difference) / Math.abs(theirs))} %`;
}

function oneDigitAtLeast(value: number): string {
  if (value >= 10) return value.toFixed(0);
  return value >= 0.05 ? value.toFixed(1) : String(Number(value.toPrecision(1)));
}
