/**
 * Bad input: a damaged file, a wrong argument, a full disk. The message is one line that says what
 * was wrong, where, and what to do; the command line prints it without a stack and exits with 1.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** A configuration that cannot be used: wrong in itself, or for its data. */
export class ConfigError extends UserError {}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be too large for this file system',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder, not a file',
  EEXIST: 'a file of that name is in the way',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name is too long',
  ERR_FS_FILE_TOO_LARGE: 'the file is larger than 2 GiB',
};

/**
 * Turns an error of the operating system into a {@link UserError} that names `path`. Errors without
 * a system code are bugs or aborts and are returned as they came: `throw fileError(…)`.
 */
export function fileError(error: unknown, action: 'read' | 'write', path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return error;
  return new UserError(`cannot ${action} ${path}: ${REASONS[code] ?? code}`, { cause: error });
}

/** A name from a file, made safe to print: quoted, on one line, at most about 80 characters. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 79)}…` : name);
}
