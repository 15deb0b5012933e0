import { type VariantSchema, variant } from './containers.js';
import type { Input, Output, Schema } from './schema.js';

/** One kind of a family, in the file that owns it: how it is written, and what becomes of it. */
export interface Kind<S extends VariantSchema, Context, Made> {
  readonly schema: S;
  readonly build: (value: Output<S>, context: Context) => Made;
}

/** Things that a configuration chooses among by their `kind`. */
export interface Family<Checked, Written, Context, Made> {
  /** Of any of them. */
  readonly schema: Schema<Checked, Written>;
  /** Makes the one that a checked value names; what all kinds do without is left out. */
  build(value: Checked, ...context: unknown extends Context ? [] : [context: Context]): Made;
}

/** What every kind of a family looks like from outside. */
interface AnyKind<Context, Made> {
  readonly schema: VariantSchema;
  readonly build: (value: never, context: Context) => Made;
}

/** Says the types of a kind, which are those of its schema. */
export function kind<S extends VariantSchema, Context, Made>(
  schema: S,
  build: (value: Output<S>, context: Context) => Made,
): Kind<S, Context, Made> {
  return { schema, build };
}

/** Composes kinds, of which each owns its schema. Messages list them in this order. */
export function family<Context, Made, const K extends readonly AnyKind<Context, Made>[]>(
  kinds: K & readonly AnyKind<Context, Made>[],
): Family<Output<K[number]['schema']>, Input<K[number]['schema']>, Context, Made> {
  const builders = new Map(
    kinds.flatMap((each) => each.schema.entries.kind.words.map((word) => [word, each] as const)),
  );
  return {
    schema: variant(kinds.map(({ schema }) => schema)) as Schema<
      Output<K[number]['schema']>,
      Input<K[number]['schema']>
    >,
    // A builder reads values of its own kind, which the look-up has just made sure of.
    build: (value, ...context) =>
      builders.get((value as { kind: string }).kind)!.build(value as never, context[0] as Context),
  };
}
