import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'node:test';

/** For each test of the file, a new folder, and in it a `cache` that the library uses for its own. */
export function temporaryFolder(): { readonly path: string } {
  let path = '';
  let saved: string | undefined;
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'bregman-data-'));
    saved = process.env.BREGMAN_CACHE;
    process.env.BREGMAN_CACHE = join(path, 'cache');
  });
  afterEach(async () => {
    if (saved === undefined) delete process.env.BREGMAN_CACHE;
    else process.env.BREGMAN_CACHE = saved;
    await rm(path, { recursive: true });
  });
  return {
    get path() {
      return path;
    },
  };
}
