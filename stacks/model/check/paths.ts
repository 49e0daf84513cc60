/** One step further down a path: `projections`, `projections[0]`, `projections[0].image`, `aws.tags["cost centre"]`. */
export function step(path: string, key: string): string {
  if (/^\d{1,9}$/.test(key)) return `${path}[${key}]`;
  if (/^[\w/@:+=.-]{1,80}$/.test(key)) return `${path}.${key}`;
  // Whatever somebody wrote as a key, the message about it is one line.
  return `${path}[${JSON.stringify(key.length > 80 ? `${key.slice(0, 77)}...` : key)}]`;
}

/** Where a part of an environment is written, for a message: `production.readDatabase[1]`. */
export function pathOf({ name }: { readonly name: string }, keys: readonly string[]): string {
  return [name, ...keys].reduce(step);
}
