/** Text for people: numbers, tables, and names from files that may hold anything. */

export { count, duration, percent, short } from '../report/numbers.js';

/** On one line, without what a terminal would take as a command. */
export function oneLine(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}]/gu, '?')
    .trim();
}

/** Rows in aligned columns, the first to the left, numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [header, ...rows];
  const widths = header.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines.map((line) => align(line, widths));
}

/** One row of a table with columns of these widths. */
export function align(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, i) =>
    i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]),
  );
  return padded.join('  ').trimEnd();
}

/** A path as a shell takes it. */
export function shellQuoted(path: string): string {
  return /^[\w./:@%+,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
