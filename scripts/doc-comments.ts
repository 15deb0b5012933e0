/** Which exports have no doc comment. */
import { parseSync } from 'rolldown/utils';

/**
 * The names that a file declares and exports without a doc comment before them. One is enough for a function
 * with overloads, and for a value and a type of the same name.
 *
 * @param path of the file, which says in what language it is
 */
export function undocumented(path: string, text: string): string[] {
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`);
  const isDocumented = new Map<string, boolean>();
  for (const statement of program.body) {
    if (!('declaration' in statement) || !statement.declaration) continue;
    const comment = comments.findLast(({ end }) => end <= statement.start);
    const isNext = comment && text.slice(comment.end, statement.start).trim() === '';
    const hasOne = isNext === true && comment.value.startsWith('*');
    for (const name of namesOf(statement.declaration)) {
      isDocumented.set(name, hasOne || isDocumented.get(name) === true);
    }
  }
  return [...isDocumented].filter(([, each]) => !each).map(([name]) => name);
}

type Statement = ReturnType<typeof parseSync>['program']['body'][number];
type Exported = NonNullable<Extract<Statement, { declaration?: unknown }>['declaration']>;

function namesOf(declaration: Exported): string[] {
  if (declaration.type === 'VariableDeclaration') {
    return declaration.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? id.name : []));
  }
  const named = 'id' in declaration ? declaration.id : undefined;
  return named?.type === 'Identifier' ? [named.name] : [];
}
