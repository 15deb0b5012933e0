// Writes what src/engine/ has to know of the kernels. Of another folder, to another file, as arguments.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { kernelInterface } from './kernel-interface.js';

const [folder = 'kernels', file = 'src/engine/generated/kernels.ts'] = process.argv.slice(2);
const names = (await readdir(folder)).filter((name) => name.endsWith('.ts')).sort();
const texts = {};
for (const name of names) texts[basename(name, '.ts')] = await readFile(join(folder, name), 'utf8');
await mkdir(dirname(file), { recursive: true });
await writeFile(file, kernelInterface(texts));
