/** Numbers as people read them. */

/** 0.0512 → 5.12 % */
export function percent(share: number | undefined, places = 2): string {
  return share === undefined ? '' : `${(share * 100).toFixed(places)} %`;
}

/** Four significant digits, or as many as wanted: 0.0512, 1.23e-5 */
export function short(value: number | undefined, digits = 4): string {
  if (value === undefined) return '';
  const rounded = Number(value.toPrecision(digits));
  const isTiny = rounded !== 0 && Math.abs(rounded) < 1e-4;
  return isTiny ? rounded.toExponential() : String(rounded);
}

/** 50890 → 50,890 */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** 1.2 s, 3 min 5 s, 2 h 4 min */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
