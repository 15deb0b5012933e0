import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * The folder that downloads are kept in: `BREGMAN_CACHE` if set, else `bregman` in the user's cache
 * folder of the platform (`XDG_CACHE_HOME` or `~/.cache`, `~/Library/Caches`, `%LOCALAPPDATA%`).
 */
export function cacheFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  if (env.BREGMAN_CACHE) return env.BREGMAN_CACHE;
  // The XDG specification says to ignore relative paths.
  if (env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME)) {
    return join(env.XDG_CACHE_HOME, 'bregman');
  }
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'bregman');
  if (platform === 'win32') {
    return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'bregman', 'Cache');
  }
  return join(home, '.cache', 'bregman');
}
