import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '#lib/files/index.js';
import {
  anything,
  ConfigError,
  check,
  either,
  family,
  fields,
  type Input,
  kind,
  list,
  listOf,
  literal,
  nullable,
  number,
  type Output,
  object,
  oneOf,
  optional,
  pair,
  parseJson,
  partial,
  record,
  type Schema,
  text,
  truth,
  validate,
  variant,
  whole,
  withDefault,
} from '#lib/schema/index.js';

const shapes = [
  object({ kind: literal('circle'), radius: number(0) }),
  object({ kind: oneOf(['square', 'cube']), size: withDefault(whole(1), 2) }),
] as const;
const shape = variant(shapes);
const everything = object({
  name: text,
  shape,
  tags: withDefault(list(text), []),
  limits: optional(pair(number())),
  table: withDefault(record(nullable(truth)), {}),
  extent: withDefault(either(whole(1), literal('global')), 'global'),
  rest: optional(anything),
});

/** Values that do not fit, each with the message it earns. */
const wrong: readonly [schema: Schema, input: unknown, message: string][] = [
  [number(), '1', '"1" is not allowed; it must be a number'],
  [number(), Infinity, 'Infinity is not allowed; it must be a number'],
  [number(0), -1, '-1 is not allowed; it must be a number from 0 on'],
  [number(0, 1), 2, '2 is not allowed; it must be a number from 0 to 1'],
  [number(0, 1, { open: true }), 0, '0 is not allowed; it must be a number above 0 to 1'],
  [whole(1), 1.5, '1.5 is not allowed; it must be a whole number from 1 on'],
  [whole(1, 3), 4, '4 is not allowed; it must be a whole number from 1 to 3'],
  [text, undefined, 'is missing'],
  [truth, 0, '0 is not allowed; it must be true or false'],
  [oneOf(['a', 'b']), 'c', '"c" is not allowed; it must be one of "a", "b"'],
  [literal('a'), 'b', '"b" is not allowed; it must be "a"'],
  [check('even', (x) => x === 2), 3, '3 is not allowed; it must be even'],
  [list(text), {}, '{} is not allowed; it must be a list'],
  [list(text), ['a', 1], '1: 1 is not allowed; it must be a text'],
  [listOf(text), [], '[] is not allowed; it must be a list of one or more'],
  [pair(number()), [1], '1: is missing'],
  [pair(number()), [1, 2, 3], '[1,2,3] is not allowed; it must be a list of two'],
  [record(whole(0)), { a: 1, b: -1 }, 'b: -1 is not allowed; it must be a whole number from 0 on'],
  [record(whole(0)), [1], '[1] is not allowed; it must be an object'],
  [
    either(whole(1), literal('all')),
    0,
    '0 is not allowed; it must be a whole number from 1 on, or "all"',
  ],
  [nullable(text), 1, '1 is not allowed; it must be a text'],
  [shape, {}, 'kind: is missing'],
  [
    shape,
    { kind: 'line' },
    'kind: "line" is not allowed; it must be one of "circle", "square", "cube"',
  ],
  [
    shape,
    { kind: 'cube', radius: 1 },
    'radius: unknown key; it must be one of the keys kind, size',
  ],
  [shape, null, 'null is not allowed; it must be an object'],
  [
    object({ a: object({ b: list(text) }) }),
    { a: { b: [0] } },
    'a.b.0: 0 is not allowed; it must be a text',
  ],
  [text, 'x'.repeat(3).split(''), '["x","x","x"] is not allowed; it must be a text'],
  [
    whole(1),
    'y'.repeat(99),
    `"${'y'.repeat(58)}… is not allowed; it must be a whole number from 1 on`,
  ],
];

const circle: { self?: object } = {};
circle.self = circle;

describe('a schema', () => {
  test('says in one line what is wrong, where, and what is allowed', () => {
    for (const [schema, input, message] of wrong) {
      assert.throws(() => validate(schema, input, 'it'), new ConfigError(`it: ${message}`));
    }
    assert.throws(() => validate(text, 1n, 'it'), /^UserError: it: 1 is not allowed/);
    assert.throws(() => validate(text, circle, 'it'), /^UserError: it: {"self":{"self"/);
  });

  test('fills in what was left out, in its own order, and leaves the rest as it was', () => {
    const input = { shape: { kind: 'cube' }, rest: { a: [1] }, name: 'n' };
    const output = validate(everything, input, 'it');
    const expected = {
      name: 'n',
      shape: { kind: 'cube', size: 2 },
      tags: [],
      table: {},
      extent: 'global',
      rest: { a: [1] },
    };
    assert.equal(JSON.stringify(output), JSON.stringify(expected));
    assert.deepEqual(input, { shape: { kind: 'cube' }, rest: { a: [1] }, name: 'n' });
  });

  test('gives the same again for what it gave', () => {
    const shapes = fc.oneof(
      fc.record({
        kind: fc.constant('circle'),
        radius: fc.double({ min: 0, max: 9, noNaN: true }),
      }),
      fc.record(
        { kind: fc.constantFrom('square', 'cube'), size: fc.integer({ min: 1 }) },
        { requiredKeys: ['kind'] },
      ),
    );
    const inputs = fc.record(
      {
        name: fc.string(),
        shape: shapes,
        tags: fc.array(fc.string()),
        limits: fc.tuple(fc.integer(), fc.integer()),
        table: fc.dictionary(fc.string(), fc.option(fc.boolean())),
        extent: fc.oneof(fc.integer({ min: 1 }), fc.constant('global')),
        rest: fc.jsonValue(),
      },
      { requiredKeys: ['name', 'shape'] },
    );
    fc.assert(
      fc.property(inputs, (input) => {
        const output = validate(everything, input, 'it');
        assert.deepEqual(validate(everything, output, 'it'), output);
        for (const [key, value] of Object.entries(output)) {
          if (Object.hasOwn(input, key) && key !== 'shape') {
            assert.deepEqual(JSON.stringify(value), JSON.stringify(Reflect.get(input, key)));
          }
        }
      }),
    );
  });

  test('of anything else ends in one line, or in a value that fits', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        try {
          validate(everything, input, 'it');
        } catch (error) {
          assert.ok(error instanceof ConfigError);
          assert.match(error.message, /^it: .*$/s);
        }
      }),
    );
  });

  test('counts undefined as left out, and makes new values each time', () => {
    const schema = object({ a: optional(text), list: withDefault(list(text), []) });
    const first = validate(schema, { a: undefined }, 'it');
    assert.deepEqual(Object.keys(first), ['list']);
    first.list.push('x');
    assert.deepEqual(validate(schema, {}, 'it'), { list: [] });
  });

  test('touches no prototype', () => {
    const hostile = JSON.parse('{"__proto__": true}');
    assert.throws(() => validate(object({}), hostile, 'it'), /__proto__: unknown key/);
    const read = validate(record(truth), hostile, 'it');
    assert.deepEqual(Object.keys(read), ['__proto__']);
    assert.equal(Object.getPrototypeOf(read), Object.prototype);
    assert.throws(() => validate(fields({ toString: text }), {}, 'it'), /toString: is missing/);
    assert.throws(() => validate(shape, { kind: 'constructor' }, 'it'), /one of "circle"/);
  });

  test('of what a program wrote drops keys that it does not know', () => {
    assert.deepEqual(validate(fields({ a: text }), { a: 'x', later: 1 }, 'it'), { a: 'x' });
  });

  test('knows its defaults, and may be had without them', () => {
    const rates = object({ rate: withDefault(number(0), 0.1), name: text });
    assert.deepEqual(rates.defaults, { rate: 0.1 });
    const changes = object(partial(rates.entries));
    assert.deepEqual(validate(changes, {}, 'it'), {});
    assert.throws(() => validate(changes, { rate: -1 }, 'it'), /rate: -1 is not allowed/);
  });

  test('tells the types of what is written and of what is filled in', () => {
    const written: Input<typeof everything> = { name: 'n', shape: { kind: 'square' } };
    const filled: Output<typeof everything> = validate(everything, written, 'it');
    const {
      shape,
      tags,
      limits,
    }: { shape: Output<(typeof shapes)[number]>; tags: string[]; limits?: [number, number] } =
      filled;
    assert.ok(shape.kind === 'square' && shape.size === 2 && tags.length === 0 && !limits);
    // @ts-expect-error a default may be left out, what is required may not
    const broken: Input<typeof everything> = { name: 'n' };
    assert.throws(() => validate(everything, broken, 'it'), /shape: is missing/);
  });

  test('of a file that a program wrote fails as another kind of error', () => {
    assert.throws(
      () => parseJson('{"a": 1}', 'f.json', fields({ a: text })),
      (error) => error instanceof UserError && !(error instanceof ConfigError),
    );
    assert.throws(() => parseJson('{', 'f.json', anything), /^UserError: f.json: no valid JSON/);
  });

  test('passes on an error that is not about the value', () => {
    const broken = check<string>('sound', () => {
      throw new TypeError('ours');
    });
    assert.throws(() => validate(either(broken, text), 'x', 'it'), new TypeError('ours'));
  });
});

test('a family builds the kind that a value names', () => {
  const shapes = family([
    kind(
      object({ kind: literal('circle'), radius: number(0) }),
      ({ radius }, unit: string) => `${radius} ${unit} round`,
    ),
    kind(object({ kind: oneOf(['square', 'cube']) }), ({ kind }) => kind),
  ]);
  const built = (input: unknown) => shapes.build(validate(shapes.schema, input, 'it'), 'cm');
  assert.equal(built({ kind: 'circle', radius: 2 }), '2 cm round');
  assert.equal(built({ kind: 'cube' }), 'cube');
  assert.throws(() => built({ kind: 'line' }), /one of "circle", "square", "cube"/);
});
