/**
 * The kernels' interface as TypeScript, read off their sources with AssemblyScript's own parser: what every
 * kernel takes, the records that it reads, its enums, and the sizes that its file exports.
 */
import {
  AssertionExpression,
  BinaryExpression,
  ClassDeclaration,
  CommonFlags,
  EnumDeclaration,
  ExportStatement,
  FieldDeclaration,
  FunctionDeclaration,
  formatDiagnostic,
  IdentifierExpression,
  ImportStatement,
  IntegerLiteralExpression,
  newOptions,
  newProgram,
  nextDiagnostic,
  ParenthesizedExpression,
  parse,
  VariableStatement,
} from 'assemblyscript';

/**
 * Writes the module that `src/engine/` reads: enums, `records`, `kernels` and `sizes`.
 *
 * @param {Record<string, string>} texts the sources by their files' names without `.ts`; `index` exports
 *   the kernels
 * @returns {string}
 * @throws Error where a field of a kernel's arguments does not say what the kernel does with it, or where
 *   two classes or enums have one name
 */
export function kernelInterface(texts) {
  const files = new Map(Object.entries(texts).map(([name, text]) => [name, parseFile(name, text)]));
  const types = {
    classes: declared(files, ClassDeclaration),
    enums: declared(files, EnumDeclaration),
  };
  const kernels = kernelsOf(files, types);
  const enums = [...types.enums.values()];
  const records = recordsOf(kernels, types).map((each) => writeClass(each, recordField, types));
  const args = kernels.map((kernel) => writeClass(kernel.args, argumentField, types, kernel.name));
  const sizes = [...files.keys()].map((file) => writeSizes(file, files));
  return [
    '// Written by scripts/kernel-interface.js from kernels/: what is changed here does not last.',
    ...enums.map(writeEnum),
    block(
      'export interface Enums',
      enums.map(({ name: { text } }) => `  ${text}: ${text};\n`),
    ),
    `/** What kernels read in place of single arguments: the words of each record. */`,
    `${block('export const records =', records)} as const;`,
    '/** What each kernel takes: the words of its arguments. */',
    `${block('export const kernels =', args)} as const;`,
    '/** What planning has to know of sizes, by the file of the kernels that exports it. */',
    `${block('export const sizes =', sizes)} as const;`,
  ].join('\n');
}

function parseFile(name, text) {
  const program = newProgram(newOptions());
  parse(program, text, `${name}.ts`, true);
  const problem = nextDiagnostic(program);
  if (problem) throw new Error(formatDiagnostic(problem, false, true));
  return program.sources.find(({ normalizedPath }) => normalizedPath === `${name}.ts`);
}

/** The statements of a kind in a file. */
function statementsOf(source, kind) {
  return source.statements.filter((each) => each instanceof kind);
}

/** All declarations of a kind, by name. */
function declared(files, kind) {
  const found = new Map();
  for (const [file, source] of files) {
    for (const declaration of statementsOf(source, kind)) {
      const { text } = declaration.name;
      if (found.has(text)) throw new Error(`kernels/${file}.ts: ${text} is declared twice`);
      found.set(text, declaration);
    }
  }
  return found;
}

/** The functions that `index` exports and that take a record of arguments. */
function kernelsOf(files, { classes }) {
  return statementsOf(files.get('index'), ExportStatement).flatMap(({ members, path }) =>
    members.flatMap(({ exportedName: { text: name } }) => {
      const functions = statementsOf(files.get(fileOf(path)), FunctionDeclaration);
      const kernel = functions.find((each) => each.name.text === name);
      const args = classes.get(nameOf(kernel.signature.parameters[0].type));
      return args ? [{ name, args }] : [];
    }),
  );
}

/** The classes that fields of the kernels' arguments, and of these classes, point at. */
function recordsOf(kernels, { classes }) {
  const records = new Set();
  const visit = (declaration) => {
    for (const { type } of fieldsOf(declaration)) {
      const record = classes.get(updated(type) ?? nameOf(type));
      if (!record || records.has(record)) continue;
      records.add(record);
      visit(record);
    }
  };
  for (const { args } of kernels) visit(args);
  return [...records];
}

function fieldsOf({ members }) {
  return members.filter((each) => each instanceof FieldDeclaration);
}

function fileOf(path) {
  return path.value.replace('./', '');
}

function nameOf(type) {
  return type.name.identifier.text;
}

/** The record that `Updates<…>` names. */
function updated(type) {
  return nameOf(type) === 'Updates' ? nameOf(type.typeArguments[0]) : undefined;
}

function argumentField(type, types) {
  const name = nameOf(type);
  if (updated(type)) return `updates ${updated(type)}`;
  if (types.classes.has(name)) return `reads ${name}`;
  if (name === 'Reads' || name === 'Writes') return name.toLowerCase();
  return numberField(name, types);
}

function recordField(type, types) {
  const name = nameOf(type);
  if (types.classes.has(name)) return `points ${name}`;
  return name === 'usize' ? 'points' : numberField(name, types);
}

function numberField(name, { enums }) {
  if (enums.has(name)) return `i32 ${name}`;
  return name === 'i32' || name === 'f32' ? name : undefined;
}

function writeClass(declaration, codeOf, types, name = declaration.name.text) {
  const fields = fieldsOf(declaration).map((field) => {
    const code = codeOf(field.type, types);
    if (!code) throw new Error(refusal(declaration, field, codeOf));
    return `${comment(field, '    ')}    ${field.name.text}: '${code}',\n`;
  });
  return `${comment(declaration, '  ')}  ${name}: {\n${fields.join('')}  },\n`;
}

function refusal(declaration, field, codeOf) {
  const place = `${declaration.range.source.normalizedPath}: ${declaration.name.text}.${field.name.text}`;
  const pointers = codeOf === recordField ? 'usize' : 'Reads, Writes or Updates<a record>';
  return `kernels/${place} is ${textOf(field.type)}, not i32, f32, an enum, a record, ${pointers}`;
}

function writeEnum(declaration) {
  const { text } = declaration.name;
  const values = declaration.values.map((value, i) => {
    if (value.initializer) throw new Error(`kernels: ${text} has to count from 0`);
    return `${comment(value, '  ')}  ${value.name.text}: ${i},\n`;
  });
  return [
    `${comment(declaration, '')}${block(`export const ${text} =`, values)} as const;`,
    `export type ${text} = (typeof ${text})[keyof typeof ${text}];`,
  ].join('\n');
}

function writeSizes(file, files) {
  const sizes = constantsOf(files.get(file))
    .filter(({ flags }) => flags & CommonFlags.Export)
    .map((constant) => {
      const value = evaluate(constant.initializer, file, files);
      return `${comment(constant, '    ')}    ${constant.name.text}: ${value},\n`;
    });
  const name = file.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
  return sizes.length > 0 ? `  ${name}: {\n${sizes.join('')}  },\n` : '';
}

function constantsOf(source) {
  return statementsOf(source, VariableStatement).flatMap(({ declarations }) => declarations);
}

/** The value of a constant integer. */
function evaluate(node, file, files) {
  const value = (each) => evaluate(each, file, files);
  if (node instanceof IntegerLiteralExpression) return Number(textOf(node));
  if (node instanceof ParenthesizedExpression) return value(node.expression);
  if (node instanceof AssertionExpression) return value(node.expression);
  if (node instanceof IdentifierExpression) return constantValue(node.text, file, files);
  if (node instanceof BinaryExpression) {
    const operator = node.range.source.text.slice(node.left.range.end, node.right.range.start);
    const operate = operators[operator.replace(/[\s()]/g, '')];
    if (operate) return operate(value(node.left), value(node.right));
  }
  throw new Error(`kernels/${file}.ts: ${textOf(node)} is no size that planning could read`);
}

const operators = {
  '+': (left, right) => left + right,
  '*': (left, right) => left * right,
  '|': (left, right) => left | right,
  '<<': (left, right) => left << right,
};

/** The value of a constant of a file, or of one that it imports. */
function constantValue(name, file, files) {
  const isNamed = (each) => each.name.text === name;
  const own = constantsOf(files.get(file)).find(isNamed);
  if (own) return evaluate(own.initializer, file, files);
  const imports = statementsOf(files.get(file), ImportStatement);
  const { path } = imports.find(({ declarations }) => declarations.some(isNamed));
  return constantValue(name, fileOf(path), files);
}

function textOf({ range: { source, start, end } }) {
  return source.text.slice(start, end);
}

function block(head, lines) {
  return `${head} {\n${lines.join('')}}`;
}

/** Decorators and keywords stand between a comment and what it is about. */
const ABOVE =
  /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:@\w+\s*)*(?:export\s+)?(?:(?:const|enum|class)\s+)?$/;
const BEHIND = /^[;,]?[^\S\n]*\/\/ ?(.*)/;

/** What the source says about a node, above it or behind it in its line, as a doc comment. */
function comment({ range: { source, start, end } }, indent) {
  const above = ABOVE.exec(source.text.slice(0, start));
  const text = (above ?? BEHIND.exec(source.text.slice(end)))?.[1].trim();
  if (!text) return '';
  const lines = text.split('\n').map((line) => line.replace(/^\s*\* ?/, ''));
  if (lines.length === 1) return `${indent}/** ${text} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`;
}
