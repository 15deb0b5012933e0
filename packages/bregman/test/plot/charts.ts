import type { Axis, Chart, Picture, Series } from '#lib/plot/index.js';
import { renderPng } from '#lib/plot/index.js';

/** A chart of lines; the axes are linear unless they say otherwise. */
export function lines(series: readonly Series[], y: Partial<Axis> = {}): Chart {
  return { kind: 'lines', x: { label: 'epoch' }, y: { label: 'density', ...y }, series };
}

/** A series over 1, 2, 3, …. */
export function series(name: string, ys: readonly number[], rest: Partial<Series> = {}): Series {
  return { name, points: ys.map((y, i) => ({ x: i + 1, y })), ...rest };
}

/** A picture of one colour. */
export function picture(width: number, height: number, value: number): Picture {
  return { width, height, channels: 1, data: new Float32Array(width * height).fill(value) };
}

/** Throws where a text is no well-formed XML: the parser behind it is a strict one. */
export async function assertXml(svg: string): Promise<void> {
  await renderPng(svg);
}

/** All texts of an SVG, unescaped. */
export function texts(svg: string): string[] {
  return Array.from(svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g), ([, text]) =>
    text
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&amp;', '&'),
  );
}

/** The elements of a mark of Vega: paths of lines and areas, rectangles of cells, …. */
export function marks(svg: string, kind: string): string[] {
  const groups = svg.matchAll(new RegExp(`<g class="mark-${kind} role-mark[^>/]*>(.*?)</g>`, 'g'));
  return Array.from(groups, ([, inner]) => inner).flatMap(
    (inner) => inner.match(/<[^/][^>]*>/g) ?? [],
  );
}
