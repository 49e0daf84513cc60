/** Writes a line of JSON to standard output. */
export function log(message: string, more: Readonly<Record<string, unknown>> = {}): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), message, ...more })}\n`);
}
