/** A record with the same names, each value made of the one before. */
export function mapRecord<From, To>(
  record: Readonly<Record<string, From>>,
  to: (name: string, from: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, from]) => [name, to(name, from)]));
}
