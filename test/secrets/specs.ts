import type { SecretSpec } from "../../constructs/secrets";

/** A sound secret, with what a test changes. */
export function aSpec(changes: Partial<SecretSpec> = {}): SecretSpec {
  return {
    name: "grafana-admin",
    purpose: "Grafana's administrator",
    keys: { password: { length: 32 } },
    rotation: { method: "engine-first", clients: "restart", engine: "PUT /api/user/password" },
    ...changes,
  };
}
