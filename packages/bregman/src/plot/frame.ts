import { createHash } from 'node:crypto';
import { font, ink } from './style.js';
import { escapeXml } from './xml.js';

const MARGIN = 12;
const TITLE_SIZE = 15;
/** About the width of a letter of the title, in pixels. */
const TITLE_LETTER = 8.5;
const LINE_HEIGHT = 20;
/** A narrower chart gets white beside it, for its title. */
const LEAST_WIDTH = 320;

/**
 * Puts a drawing on white, under its title. The title is not the drawing's own because Vega, which
 * cannot measure text here, takes it for half as wide again as it is, and makes room.
 *
 * @param svg as Vega writes it
 */
export function framed(svg: string, title: string): string {
  const [head, w, h] = /^<svg [^>]* width="([\d.]+)" height="([\d.]+)"[^>]*>/.exec(svg)!;
  const width = Math.max(Number(w), title === '' ? 0 : LEAST_WIDTH);
  const lines = title === '' ? [] : linesOf(title, width - 2 * MARGIN);
  const top = lines.length > 0 ? MARGIN + lines.length * LINE_HEIGHT : 0;
  const height = Number(h) + top;
  const text = lines.map(
    (line, i) =>
      `<text x="${MARGIN}" y="${MARGIN + TITLE_SIZE + i * LINE_HEIGHT - top}" fill="${ink}" ` +
      `font-family="${font}" font-size="${TITLE_SIZE}" font-weight="bold">${escapeXml(line)}</text>`,
  );
  const label = title === '' ? '' : ` role="img" aria-label="${escapeXml(title)}"`;
  const start =
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"' +
    `${label} width="${width}" height="${height}" viewBox="0 ${-top} ${width} ${height}">` +
    `<rect y="${-top}" width="${width}" height="${height}" fill="white"/>`;
  return withOwnIds(start + text.join('') + svg.slice(head.length));
}

/** A text in lines of a width in pixels. */
function linesOf(text: string, width: number): string[] {
  const most = Math.floor(width / TITLE_LETTER);
  const lines = text.match(new RegExp(`.{1,${most}}(?= |$)|.{${most}}`, 'gsu')) ?? [];
  return lines.map((line) => line.trim());
}

/** Ids that no other chart on a page has, and that do not count the charts drawn before. */
function withOwnIds(svg: string): string {
  const ids = Array.from(
    svg.matchAll(/<(?:clipPath|linearGradient) id="([^"]+)"/g),
    ([, id]) => id,
  );
  const rename = (text: string, to: (i: number) => string) =>
    ids.reduce(
      (done, id, i) =>
        done
          .replaceAll(` id="${id}"`, ` id="${to(i)}"`)
          .replaceAll(`url(#${id})`, `url(#${to(i)})`),
      text,
    );
  const content = rename(svg, String);
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 8);
  return rename(svg, (i) => `chart-${hash}-${i}`);
}
