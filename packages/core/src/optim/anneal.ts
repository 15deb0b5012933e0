/**
 * Half a cosine: `from` where progress is 0, `to` where it is 1 (Loshchilov & Hutter 2017, arXiv 1608.03983).
 *
 * @param progress from 0 to 1
 */
export function anneal(from: number, to: number, progress: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * progress))) / 2;
}
