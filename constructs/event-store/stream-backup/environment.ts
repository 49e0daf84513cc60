/** A whole number. @throws Error if it is none, or not set without a default */
export function numberOf(env: NodeJS.ProcessEnv, name: string, otherwise?: number): number {
  const text = env[name];
  if (text === undefined && otherwise !== undefined) return otherwise;
  if (text === undefined) throw new Error(`${name} is not set`);
  if (!/^\d{1,12}$/.test(text)) throw new Error(`${name}: ${text} must be a whole number`);
  return Number(text);
}

/** Connection strings of this machine, by engine. Query parameters of PostgreSQL could name another host. */
const OF_THIS_MACHINE = {
  kurrentdb: {
    form: /^kurrentdb:\/\/([^/?@]*@)?(127\.0\.0\.1|localhost)(:\d+)?([/?]|$)/,
    example: "kurrentdb://127.0.0.1:2113?tls=false",
  },
  postgres: {
    form: /^postgresql:\/\/\w+@127\.0\.0\.1:\d+\/\w+\?sslmode=disable$/,
    example: "postgresql://postgres@127.0.0.1:5432/postgres?sslmode=disable",
  },
} as const;

/** Connection string of a scratch server, which accepts everything: on this machine only. @throws Error if it is another one */
export function scratchUrl({ SCRATCH_URL: url = "" }: NodeJS.ProcessEnv, engine: keyof typeof OF_THIS_MACHINE): string {
  const { form, example } = OF_THIS_MACHINE[engine];
  if (form.test(url)) return url;
  throw new Error(`SCRATCH_URL must be a connection string of this machine: ${example}`);
}
