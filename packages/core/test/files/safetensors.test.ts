import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeSafetensors,
  encodeSafetensors,
  safetensorsPieces,
  UserError,
} from '#lib/files/index.js';

const tensor = (shape: number[], data: number[]) => ({ shape, data: Float32Array.from(data) });

/** A file from a header (an object or the text itself) and its data. */
function file(header: unknown, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}
const entry = (dtype: string, shape: unknown, ...offsets: unknown[]) => ({
  dtype,
  shape,
  data_offsets: offsets,
});

test('tensors and metadata survive a round trip, in order', () => {
  const tensors = new Map([
    ['z.weight', tensor([2, 3], [1, -2, 3.5, 0, -0, Number.NaN])],
    ['10', tensor([1], [7])],
    ['a.bias', tensor([0, 4], [])],
    ['scalar', tensor([], [2 ** -149])],
    ['__proto__', tensor([1], [Number.NEGATIVE_INFINITY])],
    ['Gewicht "α"\n', tensor([1, 1], [1])],
  ]);
  const metadata = { format: 'pt', note: 'say "hi"\n' };
  const decoded = decodeSafetensors(encodeSafetensors(tensors, metadata), 'x');
  assert.deepEqual(decoded.tensors, tensors);
  assert.deepEqual([...decoded.tensors.keys()], [...tensors.keys()]);
  assert.deepEqual({ ...decoded.metadata }, metadata);
});

test('the layout is the one the official library writes', () => {
  const bytes = encodeSafetensors(new Map([['w', tensor([2], [1, 2])]]));
  const headerBytes = Number(Buffer.from(bytes).readBigUInt64LE(0));
  assert.equal(headerBytes % 8, 0);
  const header = Buffer.from(bytes.subarray(8, 8 + headerBytes)).toString();
  assert.equal(header.trimEnd(), '{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}');
  assert.deepEqual([...bytes.subarray(8 + headerBytes)], [0, 0, 128, 63, 0, 0, 0, 64]);
});

test('in pieces it is the same bytes, and none of the data is copied', () => {
  const w = tensor([2], [1, 2]);
  const tail = { shape: [1], data: new Float32Array([7, 8]).subarray(1) };
  const tensors = new Map([
    ['w', w],
    ['tail', tail],
  ]);
  const pieces = safetensorsPieces(tensors, { note: 'x' });
  assert.deepEqual(Buffer.concat(pieces), Buffer.from(encodeSafetensors(tensors, { note: 'x' })));
  assert.deepEqual(
    pieces.slice(1).map(({ buffer }) => buffer),
    [w.data.buffer, tail.data.buffer],
  );
});

test('a file inside a larger buffer, unaligned, is read', () => {
  const bytes = encodeSafetensors(new Map([['w', tensor([2], [1, 2])]]));
  const outer = new Uint8Array(bytes.length + 7);
  outer.set(bytes, 3);
  const { tensors } = decodeSafetensors(outer.subarray(3, 3 + bytes.length), 'x');
  assert.deepEqual(tensors.get('w'), tensor([2], [1, 2]));
});

test('F64, F16 and BF16 become float32', () => {
  const f64 = new Uint8Array(new Float64Array([Math.PI, -1e300]).buffer);
  const halves = new Uint16Array([0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x8000]);
  const brains = new Uint16Array([0x3f80, 0xc049, 0x7f80, 0x0001]);
  const decode = (dtype: string, n: number, data: Uint8Array) =>
    decodeSafetensors(file({ t: entry(dtype, [n], 0, data.length) }, data), 'x').tensors.get('t')
      ?.data;
  assert.deepEqual(
    decode('F64', 2, f64),
    Float32Array.of(Math.fround(Math.PI), Number.NEGATIVE_INFINITY),
  );
  assert.deepEqual(
    decode('F16', 8, new Uint8Array(halves.buffer)),
    Float32Array.of(1, -2, 2 ** -24, 65504, Infinity, -Infinity, Number.NaN, -0),
  );
  assert.deepEqual(
    decode('BF16', 4, new Uint8Array(brains.buffer)),
    Float32Array.of(1, -3.140625, Infinity, 2 ** -133),
  );
});

const four = new Uint8Array(4);
const eight = new Uint8Array(8);
const hostile: [string, Uint8Array, RegExp][] = [
  ['an empty file', new Uint8Array(0), /it has 0 bytes/],
  ['a header beyond the file', file('{}').subarray(0, 9), /header of 2 bytes, but the file ends/],
  [
    'a huge header',
    new Uint8Array(16).fill(255),
    /header of 18446744073709551615 bytes, more than 100000000$/,
  ],
  [
    'bytes that are not UTF-8',
    Buffer.concat([file('{}').subarray(0, 8), Buffer.of(0xff, 0xfe)]),
    /UTF-8/,
  ],
  ['a list for a header', file('[]'), /does not begin with \{/],
  ['a byte order mark', file('\ufeff{}'), /does not begin with \{/],
  ['broken JSON', file('{"a":'), /not valid JSON/],
  ['deep nesting', file(`{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`), /must be an object/],
  ['an entry that is no object', file({ t: 5 }), /tensor "t": must be an object/],
  ['an entry without offsets', file({ t: { dtype: 'F32', shape: [] } }), /must be an object/],
  ['an entry with more keys', file({ t: { ...entry('F32', [], 0, 4), x: 1 } }, four), /exactly/],
  [
    'an unreadable type',
    file({ t: entry('I64', [1], 0, 8) }, eight),
    /"I64" cannot be read; only F32/,
  ],
  [
    'a type that is no string',
    file({ t: { ...entry('', [], 0, 0), dtype: { toString: 1 } } }),
    /must be a string/,
  ],
  ['a type from the prototype', file({ t: entry('constructor', [], 0, 0) }), /cannot be read/],
  ['a negative extent', file({ t: entry('F32', [-1, -1], 0, 4) }, four), /shape must be/],
  ['a fractional extent', file({ t: entry('F32', [0.5, 2], 0, 4) }, four), /shape must be/],
  ['an inexact extent', file({ t: entry('F32', [2 ** 53], 0, 4) }, four), /shape must be/],
  [
    'an overflowing shape',
    file({ t: entry('F32', [2 ** 40, 2 ** 40, 0], 0, 0) }),
    /too many values/,
  ],
  ['a negative offset', file({ t: entry('F32', [1], -4, 0) }, four), /data_offsets must be/],
  ['three offsets', file({ t: entry('F32', [1], 0, 4, 4) }, four), /data_offsets must be/],
  ['offsets past the end', file({ t: entry('F32', [2], 0, 8) }, four), /outside the 4 bytes/],
  ['offsets that run backwards', file({ t: entry('F32', [1], 4, 0) }, four), /outside/],
  [
    'a length unlike the shape',
    file({ t: entry('F32', [2], 0, 4) }, four),
    /shape and F32 need 8 bytes, data_offsets give 4$/,
  ],
  ['an overlap', file({ a: entry('F32', [1], 0, 4), b: entry('F32', [1], 0, 4) }, four), /overlap/],
  ['a hole', file({ t: entry('F32', [1], 4, 8) }, eight), /data bytes 0 to 4 belong to no tensor/],
  ['trailing bytes', file({ t: entry('F32', [1], 0, 4) }, eight), /data bytes 4 to 8 belong/],
  ['metadata of numbers', file({ __metadata__: { epoch: 3 } }), /object of strings/],
  ['metadata as a list', file({ __metadata__: ['a'] }), /object of strings/],
  [
    'a name twice',
    file(
      '{"t":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"t":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}',
    ),
    /twice/,
  ],
  ['a name twice, once escaped', file('{"__metadata__":{"a":"","\\u0061":""}}'), /twice/],
  [
    'an entry key twice',
    file('{"t":{"dtype":"F32","dtype":"F32","shape":[0],"data_offsets":[0,0]}}'),
    /twice/,
  ],
  [
    'a name that would break the line',
    file({ '\n\u001b[31m': 5 }),
    /tensor "\\n\\u001b\[31m": must/,
  ],
];
for (const [what, bytes, message] of hostile) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => decodeSafetensors(bytes, 'evil.safetensors'),
      (error) =>
        error instanceof UserError &&
        error.message.startsWith('evil.safetensors: ') &&
        !error.message.includes('\n') &&
        message.test(error.message),
    );
  });
}

test('quotes, colons and backslashes inside strings are no keys', () => {
  const metadata = { 'a":"b': '\\":\\', ':': '":"', '\\': '{"x" : "y"}' };
  const { metadata: read } = decodeSafetensors(encodeSafetensors(new Map(), metadata), 'x');
  assert.deepEqual({ ...read }, metadata);
});

test('a tensor that does not fit its shape, or takes the reserved name, is not written', () => {
  const encode = (name: string, shape: number[]) => () =>
    encodeSafetensors(new Map([[name, tensor(shape, [1, 2])]]));
  assert.throws(encode('w', [3]), new UserError('tensor "w": shape [3] does not fit its 2 values'));
  assert.throws(encode('w', [-1, -2]), UserError);
  assert.throws(encode('__metadata__', [2]), /reserved/);
});

test('a damaged file is refused with a UserError or still tiles into tensors', () => {
  const whole = encodeSafetensors(
    new Map([
      ['conv.weight', tensor([2, 1, 2], [1, 2, 3, 4])],
      ['fc.bias', tensor([2], [5, 6])],
    ]),
    { step: '12' },
  );
  const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 4 }), fc.nat(whole.length), (changes, length) => {
      const bytes = whole.slice();
      for (const [at, value] of changes) bytes[at] = value;
      // Half of the runs keep the length, or nearly all files would just be cut off.
      const cut = length % 2 ? bytes : bytes.subarray(0, length);
      try {
        for (const { shape, data } of decodeSafetensors(cut, 'x').tensors.values()) {
          assert.equal(
            shape.reduce((a, b) => a * b, 1),
            data.length,
          );
        }
      } catch (error) {
        assert.ok(error instanceof UserError, String(error));
      }
    }),
    { numRuns: 3000 },
  );
});

test('any JSON for a header is refused with a UserError or read', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), fc.uint8Array(), (value, data) => {
      const read = (header: unknown) => {
        try {
          decodeSafetensors(file(header, data), 'x');
        } catch (error) {
          assert.ok(error instanceof UserError, String(error));
        }
      };
      read(value);
      read({ t: value });
      read({ t: { dtype: 'F32', shape: value, data_offsets: [0, data.length] } });
      read({ t: { dtype: value, shape: [data.length], data_offsets: value } });
      read({ __metadata__: value });
    }),
    { numRuns: 1000 },
  );
});
