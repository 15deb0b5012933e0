/** What the library needs of whatever runs it, and what differs between Node and the others. */
export interface Host {
  /**
   * The bytes of a file of this package.
   *
   * @throws {UserError} it is not there, or cannot be read
   */
  readBytes(url: URL): Promise<Uint8Array<ArrayBuffer>>;
  /** How many threads this machine runs at once. */
  availableThreads(): number;
  /** Why only one thread can work on a memory here; undefined where several can. */
  whyOneThread(): string | undefined;
  /** Whether this thread may block: all but a page's main thread. */
  readonly maySleep: boolean;
  /** Starts a thread that takes part in running programs, and hands it `data`. It keeps no process alive. */
  startThread(data: unknown): Thread;
  /** Called in a started thread: hands the data to `body`, with a function that reports readiness. */
  receive<Data>(body: (data: Data, ready: () => void) => void): void;
  /**
   * On a page's main thread, which must not be kept busy: starts the worker that trains for it. Elsewhere
   * undefined.
   *
   * @param onFailure is called where the worker cannot be started, or ends by a fault
   * @throws {UserError} there are no workers
   */
  readonly startTraining: ((onFailure: (error: Error) => void) => Worker) | undefined;
  /** Lets whatever else waits for this thread have its turn. */
  pause(): Promise<void>;
  /** The most memory that this process has held; undefined where nobody counts it. */
  peakMemoryBytes(): number | undefined;
  thisMachine(): Machine;
  /** Whether WebAssembly's vectors have been asked to be of 256 bits. */
  hasWideVectors(): boolean;
  /** Asks for that, where it is known to work; says whether it did. */
  useWideVectors(): boolean;
  /** Why `useWideVectors` does nothing here, in half a sentence; undefined where it does. */
  whyNoWideVectors(): string | undefined;
}

/** A started thread. */
export interface Thread {
  /** Resolves when the thread has reported to be ready; rejects where it failed to start. */
  readonly ready: Promise<void>;
  terminate(): void;
}

/** A machine that a run was trained on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  /** What ran the program, with its version. */
  readonly host: string;
}
