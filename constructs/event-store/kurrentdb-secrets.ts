import type { SecretSpec } from "../secrets";
import { DEFAULT_STORE_NAME } from "./store-name";

/** The secrets of a KurrentDB: of its built-in users, of the workloads' users, and of the metrics user. */
export interface KurrentDbSecrets {
  readonly users: SecretSpec;
  readonly commands: SecretSpec;
  readonly subscriptions: SecretSpec;
  readonly metrics: SecretSpec;
}

/** 32 letters and digits: 190 bits. */
const PASSWORD = { length: 32 } as const;

/** Returns the secrets of a KurrentDB with that name. `KurrentDb` creates them, unless its `secrets` are passed. */
export function kurrentDbSecrets(name = DEFAULT_STORE_NAME): KurrentDbSecrets {
  const userOf = (role: string, what: string): SecretSpec => ({
    name: `${name}-${role}`,
    purpose: `KurrentDB's user for ${what}`,
    keys: { password: PASSWORD },
    fixed: { user: role },
    rotation: {
      method: "alternating-users",
      clients: "restart",
      engine: "a job, within 15 minutes, from next-user and next-password",
    },
  });
  return {
    users: {
      name: `${name}-users`,
      purpose: "Passwords of KurrentDB's own users admin and ops",
      keys: { admin: PASSWORD, ops: PASSWORD },
      // The server reads these variables only when it creates the database (KurrentDB, default user).
      rotation: { method: "engine-first", clients: "read-again", engine: "POST /users/admin/command/change-password" },
    },
    commands: userOf("commands", "what appends events"),
    subscriptions: userOf("subscriptions", "what reads events"),
    metrics: userOf("metrics", "what reads its metrics, and no events"),
  };
}
