/** Which memory calls read and write, and that none of those side by side gets in another one's way. */
import { type Planned, type PlannedBuffer, targetsOf } from './buffers.js';
import { kernels } from './generated/kernels.js';
import type { Call, Program } from './program.js';

/** A piece of memory that a call reads or writes. */
interface Access {
  readonly call: Call;
  readonly buffer: Planned;
  readonly writes: boolean;
}

/**
 * What a call reads and writes: its arguments as the kernels' classes declare them, with what these records
 * point at, and the record of its condition.
 */
export function accessesOf(call: Call): Access[] {
  const accesses: Access[] = [];
  const add = (buffer: Planned, writes: boolean): void => {
    accesses.push({ call, buffer, writes });
    for (const target of targetsOf(buffer)) add(target, writes);
  };
  const args = call.args as Readonly<Record<string, number | Planned | undefined>>;
  for (const [name, code] of Object.entries<string>(kernels[call.kernel])) {
    const value = args[name];
    if (typeof value === 'object') add(value, !code.startsWith('reads'));
  }
  if (call.when) accesses.push({ call, buffer: call.when.record, writes: false });
  return accesses;
}

/** The buffer that has a place of its own: the one of which this is a part, or itself. */
export function wholeOf(buffer: Planned): Planned {
  return buffer.type === undefined && buffer.within ? wholeOf(buffer.within.buffer) : buffer;
}

/**
 * Makes sure that of the calls that run side by side none writes what another one reads or writes. Those
 * whose conditions exclude each other do not run both.
 *
 * @throws Error that names both kernels and the memory
 */
export function refuseRaces(program: Program): void {
  for (let from = 0, to = 1; from < program.length; from = to++) {
    while (program[to]?.overlaps) to++;
    if (to - from > 1) refuseRacesWithin(program.slice(from, to));
  }
}

function refuseRacesWithin(calls: readonly Call[]): void {
  const accesses = calls.flatMap(accessesOf);
  const written = new Map<Planned, Access[]>();
  for (const { buffer, writes } of accesses) if (writes) written.set(wholeOf(buffer), []);
  for (const access of accesses) {
    const others = written.get(wholeOf(access.buffer));
    const other = others?.find((each) => isRace(each, access));
    if (other) throw new Error(describe(other, access));
    others?.push(access);
  }
}

function isRace(one: Access, other: Access): boolean {
  if (one.call === other.call || !(one.writes || other.writes)) return false;
  return doOverlap(one.buffer, other.buffer) && !excludeEachOther(one.call, other.call);
}

function doOverlap(one: Planned, other: Planned): boolean {
  const [from, to] = extentOf(one);
  const [otherFrom, otherTo] = extentOf(other);
  return from < otherTo && otherFrom < to;
}

/** Where a buffer lies within the whole. */
function extentOf(buffer: Planned): readonly [from: number, to: number] {
  const offset = buffer.type === undefined ? offsetOf(buffer) : 0;
  return [offset, offset + buffer.bytes];
}

function offsetOf({ within }: PlannedBuffer): number {
  return within ? offsetOf(within.buffer) + within.offset : 0;
}

function excludeEachOther({ when: one }: Call, { when: other }: Call): boolean {
  if (!one || !other) return false;
  return one.record === other.record && one.field === other.field && one.equals !== other.equals;
}

function describe(one: Access, other: Access): string {
  const does = ({ call, writes }: Access) => `${call.kernel} ${writes ? 'writes' : 'reads'}`;
  return `calls side by side: ${does(one)} and ${does(other)} '${wholeOf(other.buffer).name}'`;
}
