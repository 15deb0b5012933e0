import picocolors from 'picocolors';

/**
 * Where a command's words go. With `--json`, standard output holds JSON lines and nothing else, and
 * people read standard error.
 */
export class Output {
  readonly colors: ReturnType<typeof picocolors.createColors>;
  readonly #json: boolean;
  readonly #people: NodeJS.WriteStream;

  constructor(json = false) {
    this.#json = json;
    this.#people = json ? process.stderr : process.stdout;
    // Of a pipe, isTTY is undefined, which would leave the choice to picocolors: yes where CI is set.
    const isTerminal = this.#people.isTTY === true;
    this.colors = picocolors.createColors(isTerminal && picocolors.isColorSupported);
  }

  /** A line for people. */
  line(text = ''): void {
    this.#people.write(`${text}\n`);
  }

  /** A value for programs; nothing without `--json`. */
  json(value: unknown): void {
    if (this.#json) process.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** JSON with `--json`, else lines for people. */
  either(value: unknown, lines: () => readonly string[]): void {
    if (this.#json) this.json(value);
    else for (const line of lines()) this.line(line);
  }
}
