// What a kernel does with the memory that it is given. Engine.load reads it off the table of arguments, and
// refuses calls side by side of which one writes what another one reads or writes.

/** Points at memory that the kernel only reads. */
export type Reads = usize;

/** Points at memory that the kernel writes, and reads where it adds to what is there. */
export type Writes = usize;

/**
 * A record of which the kernel writes words, or what they point at. Where the class stands alone, it reads
 * both.
 */
export type Updates<Record> = Record;
