/** `npm run graph`: draws docs/import-graph.svg from the code. An arrow leads from a folder to one that it imports. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { arrowsOf, type House, houses, type Import, importsOf } from './imports.js';

export const pictureFile = fileURLToPath(new URL('../docs/import-graph.svg', import.meta.url));

const ROW = 30;
const BOX = { width: 84, height: 22 } as const;
/** Between floors, besides the rows. */
const FLOOR_GAP = 8;
const MARGIN = 16;
const HEAD = 34;
const HOUSE_WIDTH = 330;
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#8a6d00', '#5b4fc4', '#444444'];

/** Where the boxes of a house begin, from above: the highest floor first. */
function rowsOf({ floors }: House): Map<string, number> {
  const rows = new Map<string, number>();
  let y = HEAD + MARGIN;
  for (const floor of floors.toReversed()) {
    for (const place of floor) {
      rows.set(place, y);
      y += ROW;
    }
    y += FLOOR_GAP;
  }
  return rows;
}

function draw(house: House, arrows: readonly Import[], left: number): string {
  const rows = rowsOf(house);
  const places = [...rows.keys()];
  const right = left + BOX.width;
  const boxes = Array.from(rows, ([place, y]) => {
    const middle = left + BOX.width / 2;
    return `<rect x="${left}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="4" fill="#f3f3f3" stroke="#888"/>
<text x="${middle}" y="${y + 15}" text-anchor="middle">${place}</text>`;
  });
  const curves = arrows.map(({ from, to }) => {
    const start = rows.get(from)! + 15;
    const end = rows.get(to)! + 7;
    const reach = right + 24 + Math.abs(end - start) / 2.4;
    const index = places.indexOf(from) % COLOURS.length;
    return `<path d="M${right},${start} C${reach},${start} ${reach},${end} ${right + 7},${end}" fill="none" stroke="${COLOURS[index]}" stroke-opacity="0.7" marker-end="url(#head-${index})"><title>${from} imports ${to}</title></path>`;
  });
  const title = `<text x="${left}" y="${HEAD}" font-weight="600">${house.name}</text>`;
  return [title, ...curves, ...boxes].join('\n');
}

/** The picture of all houses beside one another. */
export function picture(): string {
  const height = Math.max(
    ...houses.map((house) => Math.max(...rowsOf(house).values()) + ROW + MARGIN),
  );
  const width = 2 * MARGIN + houses.length * HOUSE_WIDTH;
  const heads = COLOURS.map(
    (colour, i) =>
      `<marker id="head-${i}" viewBox="0 0 8 8" refX="1" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 Z" fill="${colour}"/></marker>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12">
<title>Imports between folders: every arrow leads down</title>
<defs>
${heads.join('\n')}
</defs>
<rect width="100%" height="100%" fill="#fff"/>
${houses.map((house, i) => draw(house, arrowsOf(house, importsOf(house)), MARGIN + i * HOUSE_WIDTH)).join('\n')}
</svg>
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(pictureFile, picture());
