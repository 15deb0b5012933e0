/** Schemas of lists and objects. */
import { type Input, Misfit, misfit, type Output, type Schema } from './schema.js';
import { oneOf, type Words } from './values.js';

/** A list, perhaps an empty one. */
export function list<C, W>(item: Schema<C, W>): Schema<C[], readonly W[]> {
  const allowed = 'a list';
  return {
    allowed,
    read(value, path) {
      if (!Array.isArray(value)) throw misfit(value, path, allowed);
      return Array.from(value, (each, i) => item.read(each, join(path, i)));
    },
  };
}

/** A list that is not empty. */
export function listOf<C, W>(item: Schema<C, W>): Schema<C[], readonly W[]> {
  const items = list(item);
  return {
    allowed: items.allowed,
    read(value, path) {
      const checked = items.read(value, path);
      if (checked.length === 0) throw misfit(value, path, 'a list of one or more');
      return checked;
    },
  };
}

/** Two values, one after the other. */
export function pair<C, W>(item: Schema<C, W>): Schema<[C, C], readonly [W, W]> {
  const allowed = 'a list of two';
  return {
    allowed,
    read(value, path) {
      if (!Array.isArray(value)) throw misfit(value, path, allowed);
      if (value.length > 2) throw misfit(value, path, allowed);
      return [item.read(value[0], join(path, 0)), item.read(value[1], join(path, 1))];
    },
  };
}

/** An object with any keys, and values that fit. */
export function record<C, W>(
  item: Schema<C, W>,
): Schema<Record<string, C>, Readonly<Record<string, W>>> {
  return {
    allowed: OBJECT,
    read(value, path) {
      const entries = Object.entries(asObject(value, path));
      // Keeps every name an own key: an assignment to `__proto__` would not.
      return Object.fromEntries(
        entries.map(([key, each]) => [key, item.read(each, join(path, key))]),
      );
    },
  };
}

/** A key that may be left out, and then stays away. */
export interface Optional<out Checked = unknown, out Written = Checked> {
  readonly optional: Schema<Checked, Written>;
}

/** A key that may be left out, and is then filled in. */
export interface Defaulted<out Checked = unknown, out Written = Checked> {
  readonly schema: Schema<Checked, Written>;
  readonly fallback: Written;
}

/** A key of an object that may be left out. */
export function optional<C, W>(schema: Schema<C, W>): Optional<C, W> {
  return { optional: schema };
}

/** A key of an object that may be left out: then it is as if `fallback` stood there. */
export function withDefault<C, W>(schema: Schema<C, W>, fallback: NoInfer<W>): Defaulted<C, W> {
  return { schema, fallback };
}

/** The keys of an object. */
export type Entries = Readonly<Record<string, Schema | Optional | Defaulted>>;

/** An object of known keys. */
export interface ObjectSchema<E extends Entries> extends Schema<OutputOf<E>, InputOf<E>> {
  readonly entries: E;
  /** What is filled in. */
  readonly defaults: DefaultsOf<E>;
}

type Flat<T> = { [K in keyof T]: T[K] } & {};

type Checked<E> =
  E extends Optional<infer C, unknown> ? C : E extends Defaulted<infer C, unknown> ? C : Output<E>;

type Written<E> =
  E extends Optional<unknown, infer W> ? W : E extends Defaulted<unknown, infer W> ? W : Input<E>;

type OutputOf<E> = Flat<
  { -readonly [K in keyof E as E[K] extends Optional ? never : K]: Checked<E[K]> } & {
    -readonly [K in keyof E as E[K] extends Optional ? K : never]?: Checked<E[K]>;
  }
>;

type InputOf<E> = Flat<
  { readonly [K in keyof E as E[K] extends Schema ? K : never]: Written<E[K]> } & {
    readonly [K in keyof E as E[K] extends Schema ? never : K]?: Written<E[K]> | undefined;
  }
>;

type DefaultsOf<E> = Flat<{
  readonly [K in keyof E as E[K] extends Defaulted ? K : never]: Checked<E[K]>;
}>;

/** An object with these keys and no others. A key whose value is undefined counts as left out. */
export function object<const E extends Entries>(entries: E): ObjectSchema<E> {
  return objectOf(entries, (value, path) => {
    const stray = Object.keys(value).find((key) => !Object.hasOwn(entries, key));
    if (stray === undefined) return;
    const keys = Object.keys(entries).join(', ');
    throw new Misfit(join(path, stray), `unknown key; it must be one of the keys ${keys}`);
  });
}

/** An object with these keys, as a program wrote it; others, of a later version, are dropped. */
export function fields<const E extends Entries>(entries: E): ObjectSchema<E> {
  return objectOf(entries, () => {});
}

function objectOf<const E extends Entries>(
  entries: E,
  checkKeys: (value: object, path: string) => void,
): ObjectSchema<E> {
  const defaults = Object.entries(entries).flatMap(([key, entry]) =>
    'fallback' in entry ? [[key, entry.schema.read(entry.fallback, key)]] : [],
  );
  return {
    allowed: OBJECT,
    entries,
    defaults: Object.fromEntries(defaults) as DefaultsOf<E>,
    read(value, path) {
      const given = asObject(value, path);
      const checked = Object.entries(entries).flatMap(([key, entry]) =>
        readKey(entry, Object.hasOwn(given, key) ? Reflect.get(given, key) : undefined, path, key),
      );
      checkKeys(given, path);
      return Object.fromEntries(checked) as OutputOf<E>;
    },
  };
}

/** The key with its value; nothing where it is left out. */
function readKey(
  entry: Entries[string],
  value: unknown,
  path: string,
  key: string,
): [key: string, value: unknown][] {
  const at = join(path, key);
  if ('optional' in entry) {
    return value === undefined ? [] : [[key, entry.optional.read(value, at)]];
  }
  if ('fallback' in entry) {
    return [[key, entry.schema.read(value === undefined ? entry.fallback : value, at)]];
  }
  return [[key, entry.read(value, at)]];
}

/** What an object of a variant says besides its kind, as people write it. */
export type Options<S> = Omit<Input<S>, 'kind'>;

/** Options with the defaults for those that were left out; nothing is checked. */
export function filled<E extends Entries, O extends object>(
  schema: ObjectSchema<E>,
  options: O,
): Flat<DefaultsOf<E> & O> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...schema.defaults, ...Object.fromEntries(given) } as Flat<DefaultsOf<E> & O>;
}

/** The same keys, each of which may be left out and is then not filled in. */
export function partial<const E extends Entries>(entries: E): Partially<E> {
  const optionals = Object.entries(entries).map(([key, entry]) => {
    if ('optional' in entry) return [key, entry];
    return [key, optional('fallback' in entry ? entry.schema : entry)];
  });
  return Object.fromEntries(optionals) as Partially<E>;
}

type Partially<E> = { readonly [K in keyof E]: Optional<Checked<E[K]>, Written<E[K]>> };

/** An object of a variant: its `kind` is one of a few words. */
export type VariantSchema = ObjectSchema<{ readonly kind: Words<string> }>;

/** One of several objects, told apart by their `kind`. */
export function variant<const S extends readonly VariantSchema[]>(
  schemas: S,
): Schema<Output<S[number]>, Input<S[number]>> {
  const byKind = new Map(
    schemas.flatMap((schema) => schema.entries.kind.words.map((kind) => [kind, schema] as const)),
  );
  const kinds = oneOf([...byKind.keys()]);
  return {
    allowed: OBJECT,
    read(value, path) {
      const given = asObject(value, path);
      const kind = kinds.read(
        Object.hasOwn(given, 'kind') ? Reflect.get(given, 'kind') : undefined,
        join(path, 'kind'),
      );
      return byKind.get(kind)!.read(given, path) as Output<S[number]>;
    },
  };
}

const OBJECT = 'an object';

function asObject(value: unknown, path: string): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw misfit(value, path, OBJECT);
}

function join(path: string, key: string | number): string {
  return path === '' ? String(key) : `${path}.${key}`;
}
