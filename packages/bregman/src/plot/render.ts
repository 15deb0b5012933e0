import type { LoggerInterface, Spec } from 'vega';
import { barsSpec } from './bars.js';
import type { Chart } from './chart.js';
import { curvesSpec } from './curves.js';
import { framed } from './frame.js';
import { heatmapSpec } from './heatmap.js';
import { imagesSpec } from './images.js';
import { config } from './style.js';
import { replaceControls } from './xml.js';

/**
 * The size of a chart in pixels. Axes, legend and title come on top of its height, however long the legend
 * is; heat maps and images find their height themselves.
 */
export interface RenderOptions {
  readonly title?: string;
  /** Of all of it; default 640. */
  readonly width?: number;
  /** Of what the axes enclose; default 280. */
  readonly height?: number;
}

/**
 * Draws a chart: an `<svg>` on white that needs nothing from outside. The same chart gives the same
 * bytes.
 */
export async function renderSvg(
  chart: Chart,
  { title = '', width = 640, height = 280 }: RenderOptions = {},
): Promise<string> {
  // Loaded only here: it is large, and most commands draw nothing.
  const { None, logger, parse, View } = await import('vega');
  const spec: Spec = {
    width,
    height,
    padding: 12,
    autosize: { type: 'fit-x', contains: 'padding' },
    ...(await specOf(chart, width)),
  };
  const view = new View(parse(spec, config), { logger: throwing(logger(None)) });
  try {
    return framed(replaceControls(await view.toSVG()), title);
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
