/** Packages as people get them: packed, and installed into a project of their own without a network. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const ours: Readonly<Record<string, string>> = {
  '@bregman/core': 'packages/core',
  bregman: 'packages/bregman',
};

/** A project with packages of ours installed, unpacked from what `npm pack` makes, and their dependencies. */
export class Project {
  readonly folder: string;
  /** Folders of all packages that have been installed, by name. */
  readonly packages: ReadonlyMap<string, string>;

  private constructor(folder: string, packages: ReadonlyMap<string, string>) {
    this.folder = folder;
    this.packages = packages;
  }

  /** Dependencies are linked to those of this workspace. */
  static async with(...names: readonly string[]): Promise<Project> {
    const folder = await mkdtemp(join(tmpdir(), 'bregman-project-'));
    await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }');
    const packages = new Map<string, string>();
    const wanted = [...names];
    for (const name of wanted) {
      if (packages.has(name)) continue;
      const target = join(folder, 'node_modules', name);
      await mkdir(dirname(target), { recursive: true });
      if (ours[name]) await unpack(ours[name], target);
      else await symlink(join(root, 'node_modules', name), target, 'dir');
      packages.set(name, target);
      const { dependencies = {} } = JSON.parse(
        await readFile(join(target, 'package.json'), 'utf8'),
      );
      wanted.push(...Object.keys(dependencies));
    }
    return new Project(folder, packages);
  }

  /**
   * Compiles a file in strict mode, with the types of libraries checked.
   *
   * @param types packages whose global types it may use
   * @returns what the compiler has to complain about
   */
  async compile(source: string, types: readonly string[], moduleResolution: string) {
    for (const name of types) {
      const target = join(this.folder, 'node_modules/@types', name);
      await mkdir(dirname(target), { recursive: true });
      await rm(target, { force: true });
      await symlink(join(root, 'node_modules/@types', name), target, 'dir');
    }
    const compilerOptions = {
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      target: 'ES2022',
      types,
      module: moduleResolution === 'bundler' ? 'ESNext' : 'NodeNext',
      moduleResolution,
    };
    await writeFile(join(this.folder, 'main.ts'), source);
    const config = { compilerOptions, files: ['main.ts'] };
    await writeFile(join(this.folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    return execute(process.execPath, [tsc, '-p', this.folder]).then(
      () => '',
      ({ stdout }: { stdout: string }) => stdout,
    );
  }

  /** Bytes of all files of all packages. */
  async bytes(): Promise<number> {
    const sizes = await Promise.all([...this.packages.values()].map(bytesOf));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

async function unpack(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  const { stdout } = await execute(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', dirname(target)],
    { cwd: join(root, source) },
  );
  const tarball = join(dirname(target), JSON.parse(stdout)[0].filename);
  await execute('tar', ['-xzf', tarball, '--strip-components', '1', '-C', target]);
  await rm(tarball);
}

async function bytesOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true });
  const stats = await Promise.all(entries.map((entry) => stat(join(folder, entry))));
  return stats.reduce((sum, each) => sum + (each.isFile() ? each.size : 0), 0);
}
