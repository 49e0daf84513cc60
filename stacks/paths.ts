/** One step further down a path: `projections`, `projections[0]`, `projections[0].image`. */
export function step(path: string, key: string): string {
  return /^\d+$/.test(key) ? `${path}[${key}]` : `${path}.${key}`;
}
