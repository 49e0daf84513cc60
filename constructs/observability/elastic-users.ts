import type { SecretReference } from "../connection";
import type { SecretSpec } from "../secrets";
import type { ElasticRole, Elasticsearch } from "./elastic-contract";

/** Roles with a user in Elasticsearch. */
export const ELASTIC_ROLES: readonly ElasticRole[] = ["collector", "jaeger", "grafana", "metrics"];

/** The Secrets of the users of an Elasticsearch of that name, by role. The keys are `username` and `password`. */
export type ElasticUsers = Readonly<Record<ElasticRole, SecretSpec>>;

const PURPOSES: Readonly<Record<ElasticRole, string>> = {
  collector: "appends logs",
  jaeger: "reads and writes traces",
  grafana: "reads logs",
  metrics: "reads statistics",
};

/**
 * Secrets of the users of an Elasticsearch. A role has two users, `collector_a` and `collector_b`; the Secret names the one in use. To
 * rotate, write the other name and a new password.
 */
export function elasticUsers(name = "elasticsearch"): ElasticUsers {
  const spec = (role: ElasticRole): SecretSpec => ({
    name: `${name}-${role}`,
    purpose: `User of ${name} that ${PURPOSES[role]}`,
    keys: { password: { length: 32 } },
    fixed: { username: `${role}_a` },
    rotation: {
      method: "alternating-users",
      clients: "restart",
      engine: "a job, within 5 minutes: whom the secret names gets the password in it",
    },
  });
  return { collector: spec("collector"), jaeger: spec("jaeger"), grafana: spec("grafana"), metrics: spec("metrics") };
}

/** References to the user of each role, for clients. */
export function usersAt(home: string, users: ElasticUsers): Elasticsearch["users"] {
  const at = (role: ElasticRole) => {
    const reference = (key: string): SecretReference => ({ secret: users[role], home, key });
    return { user: reference("username"), password: reference("password") };
  };
  return { collector: at("collector"), jaeger: at("jaeger"), grafana: at("grafana"), metrics: at("metrics") };
}

/** Privileges of each role (Elasticsearch, security privileges). */
export const PRIVILEGES: Readonly<Record<ElasticRole, object>> = {
  // Creates data streams by their templates and appends; it can't read, change or delete a document.
  collector: { indices: [{ names: ["logs-*"], privileges: ["auto_configure", "create_doc"] }] },
  // Installs its index templates, and makes an index for each day by writing to it. Its index cleaner deletes them.
  jaeger: {
    cluster: ["monitor", "manage_index_templates"],
    indices: [{ names: ["*jaeger-*"], privileges: ["read", "write", "create_index", "delete_index", "view_index_metadata"] }],
  },
  grafana: { cluster: ["monitor"], indices: [{ names: ["logs-*"], privileges: ["read", "view_index_metadata"] }] },
  // elasticsearch_exporter 1.11, README; `cluster:admin/slm/stats` alone instead of manage_slm, which could change policies.
  metrics: {
    cluster: [
      "monitor",
      "read_ilm",
      "read_slm",
      "cluster:admin/repository/get",
      "cluster:admin/slm/stats",
      "cluster:admin/snapshot/get",
      "cluster:admin/snapshot/status",
    ],
    indices: [{ names: ["*"], privileges: ["monitor", "view_index_metadata"] }],
  },
};
