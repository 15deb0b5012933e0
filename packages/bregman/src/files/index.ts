/** Files read and written with errors a user understands. */
export { type FileContent, readBytes, writeAtomic } from './disk.js';
export { makeFolder } from './folder.js';
export { loadSharp } from './sharp.js';
