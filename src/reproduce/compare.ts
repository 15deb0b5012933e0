import { formatValue, type Metric } from './metric.js';
import { statistics } from './statistics.js';

/**
 * Calls the difference between our values and somebody else's, one a seed, by its name. Within two
 * standard deviations of the difference there is none; a single value is taken to spread like the others.
 */
export function differenceInWords(
  ours: readonly number[],
  theirs: readonly number[],
  metric: Metric,
): string {
  const [own, other] = [statistics(ours), statistics(theirs)];
  const difference = own.mean - other.mean;
  const [a = 0, b = a] = [own.deviation ?? other.deviation, other.deviation];
  const spread = 2 * Math.hypot(a, b);
  if (formatValue(metric, own.mean) === formatValue(metric, other.mean)) return 'equal';
  if (spread > 0 && Math.abs(difference) <= spread) return 'within the spread';
  return `${amount(Math.abs(difference), other.mean, metric)} ${difference > 0 ? metric.more : metric.less}`;
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
