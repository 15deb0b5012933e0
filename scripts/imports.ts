/** Which file imports which, and what of it the house does not allow. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'rolldown/utils';

/** A package's sources, and its folders by floor. */
export interface House {
  readonly name: string;
  /** The folder of the package. */
  readonly root: string;
  /** From the ground up: folders of `src/`, or files that lie there. Those of a floor know nothing of one another. */
  readonly floors: readonly (readonly string[])[];
}

const packageRoot = (name: string) =>
  fileURLToPath(new URL(`../packages/${name}/`, import.meta.url));

/** The floors, as docs/architecture.md names them. */
export const houses: readonly House[] = [
  {
    name: '@bregman/core',
    root: packageRoot('core'),
    floors: [
      ['soon', 'version', 'files'],
      ['schema'],
      ['math'],
      ['data'],
      ['graph'],
      ['host'],
      ['engine'],
      ['lowering'],
      ['layers'],
      ['optim'],
      ['backend'],
      ['models'],
      ['train'],
      ['index'],
      ['browser'],
    ],
  },
  {
    name: 'bregman',
    root: packageRoot('bregman'),
    floors: [
      ['files', 'math', 'engine', 'nn', 'optim', 'models'],
      ['data'],
      ['runs'],
      ['train'],
      ['plot'],
      ['report'],
      ['reproduce'],
      ['index'],
      ['cli'],
    ],
  },
];

/** One import; both paths without ending, below `src/`. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

/** The imports between the files of a package, those of types included. */
export function importsOf({ root }: Pick<House, 'root'>): Import[] {
  const source = join(root, 'src');
  const mapped = mappedImports(root);
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map((path) => path.replaceAll('\\', '/'))
    .sort();
  return files.flatMap((path) => {
    const from = path.slice(0, -'.ts'.length);
    return requestsOf(path, readFileSync(join(source, path), 'utf8'))
      .flatMap((request) => {
        if (!request.startsWith('.')) return mapped.get(request) ?? [];
        return [posix.join(dirname(path), request).replace(/\.js$/, '')];
      })
      .map((to) => ({ from, to }));
  });
}

/** What a file asks for, statically or dynamically, as it is written there. */
function requestsOf(path: string, text: string): string[] {
  const { module, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`);
  const exported = module.staticExports.flatMap(({ entries }) => entries);
  const dynamic = module.dynamicImports.map(({ moduleRequest: { start, end } }) =>
    text.slice(start, end).replace(/^['"]|['"]$/g, ''),
  );
  return [
    ...new Set([
      ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
      ...exported.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
      ...dynamic,
    ]),
  ];
}

/** The files behind the `#names` of package.json, under all their conditions. */
function mappedImports(root: string): Map<string, string[]> {
  const { imports = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const targetsOf = (value: unknown): string[] =>
    typeof value === 'string' ? [value] : Object.values(value as object).flatMap(targetsOf);
  return new Map(
    Object.entries(imports).map(([name, value]) => {
      const files = targetsOf(value).map((path) =>
        path.replace(/^\.\/dist\//, '').replace(/(\.d\.ts|\.js)$/, ''),
      );
      return [name, [...new Set(files)]];
    }),
  );
}

/** The folder or file of a floor that a path lies in; undefined where no floor names it. */
function placeOf({ floors }: Pick<House, 'floors'>, path: string): string | undefined {
  return floors.flat().find((place) => path === place || path.startsWith(`${place}/`));
}

/** Imports between places, each once. */
export function arrowsOf(house: House, imports: readonly Import[]): Import[] {
  const arrows = new Map<string, Import>();
  for (const each of imports) {
    const from = placeOf(house, each.from);
    const to = placeOf(house, each.to);
    if (from && to && from !== to) arrows.set(`${from} ${to}`, { from, to });
  }
  return [...arrows.values()];
}

/** What the house does not allow, a line each: files on no floor, imports that lead up, circles between files. */
export function problemsOf(house: House, imports: readonly Import[]): string[] {
  const floorOf = (place: string) => house.floors.findIndex((floor) => floor.includes(place));
  const homeless = new Set(
    imports.flatMap(({ from, to }) => [from, to]).filter((path) => !placeOf(house, path)),
  );
  const upward = imports.filter((each) => {
    const from = placeOf(house, each.from);
    const to = placeOf(house, each.to);
    return from && to && from !== to && floorOf(from) <= floorOf(to);
  });
  return [
    ...Array.from(
      homeless,
      (path) => `${path} lies on no floor: name its folder in scripts/imports.ts`,
    ),
    ...upward.map(({ from, to }) => `${from} imports ${to}, which lies no lower`),
    ...circlesIn(imports).map((circle) => `a circle: ${circle.join(' → ')}`),
  ];
}

/** Circles of files that import one another; not all there are, but one wherever there are some. */
function circlesIn(imports: readonly Import[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to]);
  const done = new Set<string>();
  const circles: string[][] = [];
  const visit = (file: string, path: readonly string[]) => {
    const start = path.indexOf(file);
    if (start >= 0) circles.push([...path.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    for (const to of targets.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  return circles;
}
