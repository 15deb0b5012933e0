/** A label as the name of a folder: lower-case letters and digits, joined by hyphens. */
export function slugOf(label: string): string {
  const spelled = label.replaceAll('λ', 'lambda').replaceAll('δ', 'delta').normalize('NFKD');
  return (
    spelled
      .toLowerCase()
      .replace(/[^a-z0-9.]+/g, '-')
      .replace(/^[-.]+|[-.]+$/g, '') || 'run'
  );
}
