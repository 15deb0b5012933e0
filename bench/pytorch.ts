/**
 * PyTorch as a peer, run by the Python that BREGMAN_PEER_PYTHON names, or by `python3`. Convolutional networks
 * are timed in both layouts of images, NCHW and channels_last, and the better one is the peer.
 */
import { fileURLToPath } from 'node:url';
import { parseAnswer, runProgram } from './lib.js';

const python = process.env.BREGMAN_PEER_PYTHON ?? 'python3';
const program = fileURLToPath(new URL('./peers/pytorch.py', import.meta.url));

/** What peers/pytorch.py says of the PyTorch that it runs on. */
interface Environment {
  readonly torch: string;
  readonly python: string;
  readonly onednn: string | null;
  readonly blas: readonly string[];
  readonly capability: string | null;
}

/** How images lie in PyTorch's memory. */
export type Layout = 'NCHW' | 'channels_last';
export const LAYOUTS: readonly Layout[] = ['NCHW', 'channels_last'];

/** Holds PyTorch to AVX2, which is what most laptops have. */
const avx2 = {
  ATEN_CPU_CAPABILITY: 'avx2',
  DNNL_MAX_CPU_ISA: 'AVX2',
  OPENBLAS_CORETYPE: 'Zen',
} as const;

interface PyTorchOptions {
  readonly layout?: Layout;
  readonly isHeldToAvx2?: boolean;
  /** Variables of the process's environment besides ours. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A PyTorch that is installed. */
export class PyTorch {
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** With its version, for tables: PyTorch 2.6.0. */
  get name(): string {
    return `PyTorch ${this.#environment.torch.split('+')[0]}`;
  }

  /** In a line, for the head of the figures. */
  get description(): string {
    const { torch, python, onednn, blas, capability } = this.#environment;
    const libraries = blas.map((path) => path.split('/').at(-1)).join(', ');
    return `PyTorch ${torch}, Python ${python}, oneDNN ${onednn}, ${libraries}, ${capability}, 2 threads`;
  }

  /** Whether it has vectors of 512 bits, so that holding it to AVX2 means something. */
  get isWiderThanAvx2(): boolean {
    return this.#environment.capability?.startsWith('AVX512') ?? false;
  }

  /** Runs a task of peers/pytorch.py. A task that fails ends the bench. */
  time<Figures>(task: readonly string[], options: PyTorchOptions = {}): Figures {
    const { layout = 'NCHW', isHeldToAvx2 = false, environment = {} } = options;
    const flags = layout === 'channels_last' ? ['--channels-last'] : [];
    return parseAnswer<Figures>(
      runProgram(
        python,
        [program, ...task, ...flags],
        isHeldToAvx2 ? { ...avx2, ...environment } : environment,
      ),
    );
  }
}

/** Undefined, and a line that says why, where there is no PyTorch. */
export function findPyTorch(): PyTorch | undefined {
  const answer = runProgram(python, [program, 'environment'], {});
  if (answer.status === 0) return new PyTorch(parseAnswer<Environment>(answer));
  console.log(`No PyTorch beside ours: ${answer.problem}. BREGMAN_PEER_PYTHON names its Python.\n`);
  return undefined;
}
