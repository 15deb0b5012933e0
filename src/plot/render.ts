import { createHash } from 'node:crypto';
import type { LoggerInterface, Spec } from 'vega';
import { barsSpec } from './bars.js';
import type { Chart } from './chart.js';
import { curvesSpec } from './curves.js';
import { heatmapSpec } from './heatmap.js';
import { imagesSpec } from './images.js';
import { config } from './style.js';

/** The size of a chart in pixels; heat maps and images find their height themselves. */
export interface RenderOptions {
  readonly title?: string;
  /** Default 640. */
  readonly width?: number;
  /** Default 400. */
  readonly height?: number;
}

/**
 * Draws a chart: an `<svg>` on white that needs nothing from outside. The same chart gives the same
 * bytes.
 */
export async function renderSvg(
  chart: Chart,
  { title = '', width = 640, height = 400 }: RenderOptions = {},
): Promise<string> {
  // Loaded only here: it is large, and most commands draw nothing.
  const { None, logger, parse, View } = await import('vega');
  const spec: Spec = {
    width,
    height,
    padding: 12,
    autosize: { type: 'fit', contains: 'padding' },
    ...(title !== '' && { title: { text: title } }),
    ...(await specOf(chart, width)),
  };
  const view = new View(parse(spec, config), { logger: throwing(logger(None)) });
  try {
    return withOwnIds(withoutControls(await view.toSVG()));
  } finally {
    view.finalize();
  }
}

function specOf(chart: Chart, width: number): Spec | Promise<Spec> {
  switch (chart.kind) {
    case 'lines':
    case 'points':
      return curvesSpec(chart, width);
    case 'heatmap':
      return heatmapSpec(chart, width);
    case 'bars':
      return barsSpec(chart, width);
    case 'images':
      return imagesSpec(chart, width);
  }
}

/** Vega would write an error down and go on with half a chart. */
function throwing(logger: LoggerInterface): LoggerInterface {
  logger.error = (error) => {
    throw error;
  };
  return logger;
}

/** Characters that XML cannot hold, escaped or not. */
function withoutControls(svg: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are meant
  return svg.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Cs}/gu, '\ufffd');
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
