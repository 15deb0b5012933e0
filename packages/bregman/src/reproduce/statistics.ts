/** Mean and standard deviation over seeds. */
export interface Statistics {
  readonly count: number;
  readonly mean: number;
  /** Of a sample, with n − 1; undefined of a single value. */
  readonly deviation: number | undefined;
}

/** Of values of which there is at least one. */
export function statistics(values: readonly number[]): Statistics {
  const count = values.length;
  // Their sum may be rounded, and theirs is a mean without a spread.
  if (count > 1 && values.every((value) => value === values[0])) {
    return { count, mean: values[0], deviation: 0 };
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { count, mean, deviation: count > 1 ? Math.sqrt(squares / (count - 1)) : undefined };
}
