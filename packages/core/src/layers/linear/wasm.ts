import {
  type Call,
  type Condition,
  call,
  callPerBlock,
  LANES,
  part,
  record,
  Scope,
  sizes,
  together,
  words,
} from '../../engine/index.js';
import { UserError } from '../../files/errors.js';
import type { GradientScope } from '../../graph/pass.js';
import { when } from '../../lowering/support.js';
import type { Site, WasmLayer } from '../../lowering/wasm.js';
import type { LinearLayer } from './layer.js';

const { PANEL } = sizes.linearRows;

/** At most so many columns make a tile of a gradient of all weights. */
const COLUMNS_PER_TILE = 256;
/** Below this many rows, listing the inputs costs about what it saves where a ReLU leaves half of them. */
const LIT_ROWS = 96;
/** A little below the share of lit samples at which both kernels take the same time (bench/linear.ts). */
const LIT_BREAK_EVEN = 0.4;

/** The kernel calls of a linear layer. */
export const linearWasm: WasmLayer<LinearLayer> = {
  place(_, site) {
    if (site.inputs[0].layout.halo > 0) {
      throw new UserError(
        'its input is laid out for a convolution: put flatten() before this layer',
      );
    }
    const { rows } = site.parameters.weight;
    const lit = rows < LIT_ROWS ? undefined : litGradient(site);
    return {
      // What `linearWeightGradient` packs of the gradient to the output.
      scratchBytes: PANEL * site.blocks * LANES * 4,
      forward: () => forward(site),
      backward: (scope) => backward(site, scope, lit),
    };
  },
};

function forward({ batch, inputs: [input], output, parameters }: Site): Call[] {
  const { weight, bias } = parameters;
  const support = weight.support!;
  const common = { batch, support: support.header, bias: bias?.value };
  const ends = { input: input.value, output: output.value };
  return [
    call(
      'linearForward',
      { ...common, ...ends, weight: weight.value },
      Math.ceil(weight.rows / PANEL),
      when(support, 'forward', 'rows'),
    ),
    call(
      'sparseForward',
      { ...common, ...ends },
      Math.ceil(weight.rows / sizes.linearEntries.ROWS),
      when(support, 'forward', 'entries'),
    ),
  ];
}

/** The parameters' gradients and the input's need nothing of one another. */
function backward(site: Site, scope: GradientScope, lit: LitGradient | undefined): Call[] {
  const others = [...biasGradient(site), ...inputGradient(site)];
  if (scope === 'all') {
    if (!lit) return together([gradientByRows(site, Scope.all), ...others]);
    return [...together([...lit.prepare, ...others]), lit.weigh, ...together(lit.run)];
  }
  return [
    // What follows overwrites it on the support.
    ...(scope === 'sampled' ? [gradientByRows(site, Scope.sampled)] : []),
    ...together([...supportGradient(site), ...others]),
  ];
}

function gradientByRows(site: Site, scope: Scope, condition?: Condition): Call {
  const { weight } = site.parameters;
  const columnsPerTile = splitColumns(weight.columns);
  return call(
    'linearWeightGradient',
    { ...weightGradientArguments(site), scope, columnsPerTile },
    Math.ceil(weight.rows / PANEL) * Math.ceil(weight.columns / columnsPerTile),
    condition,
  );
}

/** Columns of a tile: pieces of about the same width, in whole fours, which are stored together. */
function splitColumns(columns: number): number {
  return 4 * Math.ceil(columns / Math.ceil(columns / COLUMNS_PER_TILE) / 4);
}

function supportGradient(site: Site): Call[] {
  const { weight } = site.parameters;
  const support = weight.support!;
  return [
    gradientByRows(site, Scope.activeRows, when(support, 'weightGradient', 'rows')),
    call(
      'sparseWeightGradient',
      weightGradientArguments(site),
      Math.ceil(weight.rows / sizes.linearEntries.ROWS),
      when(support, 'weightGradient', 'entries'),
    ),
  ];
}

function weightGradientArguments({ batch, inputs: [input], output, parameters }: Site) {
  const { support, gradient } = parameters.weight;
  return {
    batch,
    support: support!.header,
    input: input.value,
    outputGradient: output.gradient,
    weightGradient: gradient,
  };
}

/** The calls of {@link litGradient}: those side by side, the decision, and what follows from it. */
interface LitGradient {
  readonly prepare: readonly Call[];
  readonly weigh: Call;
  readonly run: readonly Call[];
}

/** The gradient of all weights: from the lit samples alone where these are few, else by rows. */
function litGradient(site: Site): LitGradient {
  const { batch, inputs, output, parameters } = site;
  const { rows, columns, gradient: weightGradient } = parameters.weight;
  const { lit, panels } = planLit(site);
  const tiles = litTiles(columns);
  const strips = litStrips(rows);
  const columnsPerTile = splitColumns(columns);
  const by = (equals: number): Condition => ({ record: lit, field: 'isSparse', equals });
  return {
    prepare: [
      call('listLit', { batch, lit, input: inputs[0].value }, tiles),
      // Cheap enough to be done before it is known to be needed.
      call('packStrips', { batch, rows, outputGradient: output.gradient, panels }, strips),
    ],
    weigh: call('weighLit', { batch, lit, breakEven: LIT_BREAK_EVEN }, 1),
    run: [
      gradientByRows(site, Scope.all, by(0)),
      call(
        'litWeightGradient',
        { batch, lit, panels, rows, columnsPerTile, weightGradient },
        strips * Math.ceil(columns / columnsPerTile),
        by(1),
      ),
    ],
  };
}

/** Where the lit samples are listed, and the gradient to the output packed: one behind the other. */
function planLit(site: Site) {
  const { rows, columns } = site.parameters.weight;
  const { FEATURES, NARROW, SPARE } = sizes.linearLit;
  const tiles = litTiles(columns);
  const samples = site.blocks * LANES;
  const listBytes = 8 * tiles * (FEATURES * samples + SPARE);
  const panelBytes = 4 * samples * NARROW * Math.ceil(rows / NARROW);
  const workspace = site.workspace(listBytes + panelBytes);
  const lit = record('Lit', {
    columns,
    isSparse: 0,
    backgrounds: words('lit backgrounds', columns),
    counts: words('lit counts', tiles),
    spans: words('lit spans', 2 * columns),
    lists: part('lit samples', workspace, 0, listBytes),
  });
  return { lit, panels: part('packed gradient', workspace, listBytes, panelBytes) };
}

/** Tiles that list the lit samples. */
function litTiles(columns: number): number {
  return Math.ceil(columns / sizes.linearLit.FEATURES);
}

/** Strips of rows that are multiplied together: wide ones as long as they are full, then narrow ones. */
function litStrips(rows: number): number {
  const { NARROW, WIDE } = sizes.linearLit;
  const wide = Math.floor(rows / WIDE);
  return wide + Math.ceil((rows - wide * WIDE) / NARROW);
}

function biasGradient({ batch, output, parameters: { bias } }: Site): Call[] {
  if (!bias) return [];
  const { gradient: outputGradient } = output;
  return [
    call(
      'biasGradient',
      { batch, features: bias.rows, outputGradient, biasGradient: bias.gradient },
      Math.ceil(bias.rows / sizes.bias.FEATURES),
    ),
  ];
}

function inputGradient({ batch, inputs: [input], accumulates, output, parameters }: Site): Call[] {
  if (!input.gradient) return [];
  const { weight } = parameters;
  const support = weight.support!;
  const common = {
    batch,
    support: support.header,
    outputGradient: output.gradient,
    inputGradient: input.gradient,
    accumulate: Number(accumulates[0]),
  };
  return [
    call(
      'linearInputGradient',
      { ...common, weight: weight.value },
      Math.ceil(weight.columns / PANEL),
      when(support, 'inputGradient', 'rows'),
    ),
    callPerBlock('sparseInputGradient', common, 1, when(support, 'inputGradient', 'entries')),
  ];
}
