/** Appends a key to a path: `projections`, `projections[0]`, `projections[0].image`, `aws.tags["cost centre"]`. */
export function step(path: string, key: string): string {
  if (/^\d{1,9}$/.test(key)) return `${path}[${key}]`;
  if (/^[\w/@:+=.-]{1,80}$/.test(key)) return `${path}.${key}`;
  // Messages stay on one line, whatever the key.
  return `${path}[${JSON.stringify(key.length > 80 ? `${key.slice(0, 77)}...` : key)}]`;
}

/** Path of a part of an environment in messages: `production.readDatabase[1]`. */
export function pathOf({ name }: { readonly name: string }, keys: readonly string[]): string {
  return [name, ...keys].reduce(step);
}
