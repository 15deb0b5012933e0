import { type Backend, WasmBackend } from '#lib/backend/index.js';
import { PlainBackend } from '#lib/backend/plain/index.js';
import { builds } from './engine/builds.js';

/** Everything that runs networks, with the reason to skip what this host cannot run. */
export const backends: readonly {
  readonly name: string;
  readonly skip: string | false;
  create(): Promise<Backend>;
}[] = [
  ...builds.map(({ build, skip }) => ({
    name: `build ${build}`,
    skip,
    create: () => WasmBackend.create({ build, threads: 2 }),
  })),
  { name: 'plain', skip: false, create: async () => new PlainBackend() },
];
