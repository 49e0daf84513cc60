/** A whole number. @throws Error if it is none, or not set without a default */
export function numberOf(env: NodeJS.ProcessEnv, name: string, otherwise?: number): number {
  const text = env[name];
  if (text === undefined && otherwise !== undefined) return otherwise;
  if (text === undefined) throw new Error(`${name} is not set`);
  if (!/^\d{1,12}$/.test(text)) throw new Error(`${name}: ${text} must be a whole number`);
  return Number(text);
}

/** Connection string of a scratch server, which accepts everything: on this machine only. @throws Error if it is another one */
export function scratchUrl({ SCRATCH_URL: url = "" }: NodeJS.ProcessEnv): string {
  if (/^kurrentdb:\/\/([^/?@]*@)?(127\.0\.0\.1|localhost)(:\d+)?([/?]|$)/.test(url)) return url;
  throw new Error("SCRATCH_URL must be a connection string of this machine: kurrentdb://127.0.0.1:2113?tls=false");
}
