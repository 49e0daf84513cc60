import type { SecretSpec } from "../secrets";

/** 32 letters and digits: 190 bits. */
const PASSWORD = { length: 32 } as const;

/** The Secret with the users' passwords, for the NATS of this name. */
export function natsUsers(name: string): SecretSpec {
  return {
    name: `${name}-users`,
    purpose: "Passwords of the users of NATS: two of workloads, which alternate, and one that looks after servers",
    keys: { a: PASSWORD, b: PASSWORD, system: PASSWORD },
    rotation: {
      method: "alternating-users",
      clients: "restart",
      engine: "a job, within 5 minutes: it restarts the servers one after the other",
    },
  };
}
