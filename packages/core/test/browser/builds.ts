/** The test page, brought to the browser in the ways that people bring theirs. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as rolldown } from 'rolldown';
import { build as vite } from 'vite';
import { htmlOf, type Site, standardFolders } from './server.js';

const source = fileURLToPath(new URL('./page', import.meta.url));
const html = '<!doctype html><title>test</title><script type="module" src="./page.js"></script>';

/** The library from its own bundle, by a plain script tag: only the page's types are stripped. */
export async function plainSite(): Promise<Site> {
  const { output } = await rolldown({
    input: join(source, 'page.ts'),
    external: '@bregman/core',
    write: false,
    output: { paths: { '@bregman/core': '/core/browser/index.js' } },
  });
  return {
    folders: standardFolders,
    files: {
      '/app/': htmlOf('/page.js'),
      '/page.js': { type: 'text/javascript', content: output[0].code },
    },
  };
}

/** Bundled by rolldown, which copies the files that the library refers to. */
export async function rolldownSite(): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'bregman-rolldown-'));
  await rolldown({
    input: join(source, 'page.ts'),
    experimental: { resolveNewUrlToAsset: true },
    output: { dir: folder, minify: true },
  });
  await writeFile(join(folder, 'index.html'), html);
  return { folders: { '/app': folder, '/mnist': standardFolders['/mnist'] } };
}

/** Built by Vite, without any setting but where the files go. */
export async function viteSite(): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'bregman-vite-'));
  await vite({
    root: source,
    base: './',
    configFile: false,
    logLevel: 'warn',
    build: { outDir: folder, emptyOutDir: true },
  });
  return { folders: { '/app': folder, '/mnist': standardFolders['/mnist'] } };
}
