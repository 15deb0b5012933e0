/** Debian's Chromium, driven by playwright-core; tests that need it are skipped where there is none. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const EXECUTABLE = '/usr/bin/chromium';

/** The reason to skip a test that needs the browser. */
export const noChromium = existsSync(EXECUTABLE) ? false : `there is no ${EXECUTABLE}`;

/** Starts it with a fresh profile. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
  });
}

/** A page whose uncaught errors are kept, and with them the hosts that it talks to. */
interface WatchedPage {
  readonly page: Page;
  readonly errors: readonly string[];
  readonly origins: ReadonlySet<string>;
}

/** Opens a page in a context of its own; `before` runs in it before any of its scripts. */
export async function open(
  browser: Browser,
  url: string,
  before?: () => void,
): Promise<WatchedPage> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const errors: string[] = [];
  const origins = new Set<string>();
  page.on('pageerror', ({ message }) => errors.push(message));
  context.on('request', (request) => origins.add(new URL(request.url()).origin));
  // What tsx makes of functions calls this, wherever they end up.
  await page.addInitScript('globalThis.__name = (named) => named');
  if (before) await page.addInitScript(before);
  await page.goto(url);
  return { page, errors, origins };
}
