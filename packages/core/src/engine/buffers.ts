/** Memory that programs name before an engine gives it a place. */
import { type Enums, records } from './generated/kernels.js';

/**
 * A piece of memory that a program names. The engine that loads the program decides where it lies,
 * so the same program can run on another engine.
 */
export interface PlannedBuffer {
  readonly name: string;
  readonly bytes: number;
  /** What it holds at first; zeros unless told. */
  readonly integers?: readonly number[];
  /** The buffer that it is a part of. */
  readonly within?: { readonly buffer: PlannedBuffer; readonly offset: number };
  readonly type?: never;
}

/** The records that kernels read, by the names of their classes in kernels/. */
export type RecordName = keyof typeof records;

/** A record that kernels read by field. */
export interface PlannedRecord<R extends RecordName> {
  readonly name: string;
  readonly bytes: number;
  readonly type: R;
  /** What it holds at first. */
  readonly fields: Fields<R>;
}

/** Whatever an engine gives a place. */
export type Planned = PlannedBuffer | PlannedRecord<RecordName>;

/** What a field takes, by its code in the tables that are generated from kernels/. */
export type FieldValue<Code> = Code extends 'i32' | 'f32'
  ? number
  : Code extends `i32 ${infer E extends keyof Enums}`
    ? Enums[E]
    : Code extends `${string} ${infer R extends RecordName}`
      ? PlannedRecord<R> | undefined
      : PlannedBuffer | undefined;

/** All fields of a record. Pointers may be missing where the kernels look first. */
export type Fields<R extends RecordName> = {
  readonly [F in keyof (typeof records)[R]]: FieldValue<(typeof records)[R][F]>;
};

/** The fields of a record that are numbers. */
export type NumberField<R extends RecordName> = {
  [F in keyof Fields<R>]: Fields<R>[F] extends number ? F : never;
}[keyof Fields<R>] &
  string;

/** These fields and their values. */
export type Numbers<R extends RecordName> = {
  readonly [F in NumberField<R>]: Fields<R>[F] & number;
};

/** No field but those of `Shape`. */
export type Exactly<Given, Shape> = Given & {
  readonly [Excess in Exclude<keyof Given, keyof Shape>]: never;
};

/** Plans `count` numbers of four bytes. */
export function words(name: string, count: number): PlannedBuffer {
  return { name, bytes: count * 4 };
}

/** Plans a list of 32-bit integers. */
export function list(name: string, integers: readonly number[]): PlannedBuffer {
  return { name, bytes: integers.length * 4, integers };
}

/** Plans a part of a buffer: so many bytes from `offset` on. */
export function part(
  name: string,
  buffer: PlannedBuffer,
  offset: number,
  bytes: number,
): PlannedBuffer {
  return { name, bytes, within: { buffer, offset } };
}

/** Plans a record of kernels/; it is called by its class unless told. */
export function record<R extends RecordName, F extends Fields<R>>(
  type: R,
  fields: Exactly<F, Fields<R>>,
  name: string = type,
): PlannedRecord<R> {
  return { name, bytes: wordsOf(type).size * 4, type, fields };
}

/** Where the fields of a record lie, in words, and what they are. */
export function wordsOf(type: RecordName): ReadonlyMap<string, Word> {
  return layouts.get(type)!;
}

/** A field of a record. */
interface Word {
  readonly at: number;
  readonly isFloat: boolean;
}

const layouts: ReadonlyMap<string, ReadonlyMap<string, Word>> = new Map(
  Object.entries(records).map(([type, codes]) => {
    const words = Object.entries(codes).map(
      ([name, code], at) => [name, { at, isFloat: code === 'f32' }] as const,
    );
    return [type, new Map(words)];
  }),
);

/** What a record's fields point at. */
export function targetsOf(planned: Planned): Planned[] {
  if (!planned.type) return [];
  return Object.values<number | Planned | undefined>(planned.fields).filter(
    (field) => typeof field === 'object',
  );
}

/** The words of a record, or of a kernel's arguments: `codes` in their order. */
export function encode(
  codes: Readonly<Record<string, string>>,
  values: object,
  place: (buffer: Planned) => number,
): Int32Array {
  const byName = values as Readonly<Record<string, number | Planned | undefined>>;
  const names = Object.entries(codes);
  const words = new Int32Array(names.length);
  const floats = new Float32Array(words.buffer);
  for (const [at, [name, code]] of names.entries()) {
    const value = byName[name];
    if (typeof value === 'number') (code === 'f32' ? floats : words)[at] = value;
    else if (value) words[at] = place(value);
  }
  return words;
}
