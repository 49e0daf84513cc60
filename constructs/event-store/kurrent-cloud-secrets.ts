import type { SecretSpec } from "../secrets";
import { kurrentDbSecrets } from "./kurrentdb-secrets";
import { DEFAULT_STORE_NAME } from "./store-name";

/** The secrets of a Kurrent Cloud cluster: of the job that creates its users, and of the workloads' users. */
export interface KurrentCloudSecrets {
  /**
   * The vendor generates the first password of `admin` and shows it in its console. An operator must write it here, over the generated
   * value: until then the job can't sign in.
   */
  readonly admin: SecretSpec;
  readonly commands: SecretSpec;
  readonly subscriptions: SecretSpec;
}

/** Returns the secrets of a cluster with that name; its users are the same as those of a self-hosted KurrentDB. */
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
