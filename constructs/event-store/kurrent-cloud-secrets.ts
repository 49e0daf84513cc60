import type { SecretSpec } from "../secrets";
import { kurrentDbSecrets } from "./kurrentdb-secrets";
import { DEFAULT_STORE_NAME } from "./store-name";

/** The secrets of a cluster of Kurrent Cloud: of whoever makes its users, and of the users of workloads. */
export interface KurrentCloudSecrets {
  /**
   * The vendor draws the first password of `admin` and shows it to whoever may see the cluster. That person puts it here, in
   * place of what was drawn: until then nobody can sign in with it.
   */
  readonly admin: SecretSpec;
  readonly commands: SecretSpec;
  readonly subscriptions: SecretSpec;
}

/** What a cluster of that name needs; its users are those that a KurrentDB on a cluster of one's own has. */
export function kurrentCloudSecrets(name = DEFAULT_STORE_NAME): KurrentCloudSecrets {
  const { commands, subscriptions } = kurrentDbSecrets(name);
  return {
    admin: {
      name: `${name}-admin`,
      purpose: "Password of Kurrent Cloud's user admin: put here by hand, as the vendor shows it",
      keys: { password: { length: 32 } },
      rotation: { method: "engine-first", clients: "read-again", engine: "POST /users/admin/command/change-password" },
    },
    commands,
    subscriptions,
  };
}
