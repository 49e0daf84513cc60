import type { SecretReference } from "../connection";
import type { KubernetesTarget } from "../kubernetes";
import { type Asked, resources } from "../platform";
import type { SecretSpec } from "../secrets";
import type { Elasticsearch } from "./elastic-contract";
import { JAEGER, JAEGER_PORTS } from "./jaeger";

/** Single sign-on with an OpenID Connect provider. The client secret is the key `client-secret` of the Secret `grafana-oidc`. */
export interface GrafanaOidc {
  readonly clientId: string;

  /** Authorization endpoint: `https://login.example.com/authorize`. */
  readonly authUrl: string;

  /** Token endpoint: `https://login.example.com/oauth/token`. */
  readonly tokenUrl: string;

  /** Userinfo endpoint: `https://login.example.com/userinfo`. */
  readonly apiUrl: string;

  /**
   * A JMESPath expression over the claims that gives `Viewer`, `Editor` or `Admin`: `contains(groups, 'platform') && 'Admin' || 'Viewer'`.
   * Users without one of these roles can't sign in.
   */
  readonly role: string;

  /** @default "openid profile email" */
  readonly scopes?: string;
}

/** Settings of Grafana: URL and sign-in. */
export interface GrafanaSettings {
  /**
   * URL of Grafana for people. The OpenID Connect provider redirects to it.
   * @default "http://localhost:3000", for `kubectl port-forward`
   */
  readonly url?: string;

  /**
   * Single sign-on.
   * @default - none: sign in as `admin` with the generated password in the Secret `grafana-admin`
   */
  readonly oidc?: GrafanaOidc;
}

/** The password of Grafana's administrator. */
export const GRAFANA_ADMIN: SecretSpec = {
  name: "grafana-admin",
  purpose: "Grafana's administrator",
  // 32 letters and digits: 190 bits.
  keys: { "admin-password": { length: 32 } },
  fixed: { "admin-user": "admin" },
  // Read when Grafana creates its database. An existing database keeps the password that it has.
  rotation: { method: "engine-first", clients: "restart", engine: "PUT /api/user/password" },
};

/** The Secrets that Grafana reads. */
export const GRAFANA_SECRETS = { admin: GRAFANA_ADMIN.name, oidc: "grafana-oidc" } as const;

export const GRAFANA = {
  grafana: { cpu: "100m", memory: "384Mi" },
  /** Each of the two sidecars that load dashboards and data sources. */
  sidecar: { cpu: "10m", memory: "96Mi" },
} as const satisfies Readonly<Record<string, Asked>>;

/** The URL for a forwarded port. */
const FORWARDED = "http://localhost:3000";

/** A provisioned data source, in addition to Prometheus and Alertmanager. */
export type DataSource = Readonly<Record<string, unknown>> & { readonly name: string; readonly uid: string; readonly type: string };

/** Variables and file with which Grafana signs in to Elasticsearch. */
const ELASTIC = { user: "ELASTIC_USER", password: "ELASTIC_PASSWORD", authority: "/etc/elasticsearch-authority" } as const;

/** Data source of traces. `$$` in a provisioning file is a literal dollar sign. */
export function jaegerSource(namespace: string, logs: boolean): DataSource {
  return {
    name: "Jaeger",
    uid: "jaeger",
    type: "jaeger",
    access: "proxy",
    url: `http://${JAEGER}.${namespace}.svc:${JAEGER_PORTS.ui}`,
    jsonData: {
      nodeGraph: { enabled: true },
      tracesToMetrics: {
        datasourceUid: "prometheus",
        tags: [{ key: "service.name", value: "service_name" }],
        queries: [{ name: "Request rate", query: "sum(rate(traces_span_metrics_calls_total{$$__tags}[5m]))" }],
      },
      ...(logs
        ? { tracesToLogsV2: { datasourceUid: "elasticsearch", spanStartTimeShift: "-5m", spanEndTimeShift: "5m", filterByTraceID: true } }
        : {}),
    },
  };
}

/** Data source of logs, with the field names of OpenTelemetry data streams. */
export function elasticsearchSource({ url, authority, users }: Elasticsearch, traces: boolean): ElasticsearchSource {
  return {
    name: "Elasticsearch",
    uid: "elasticsearch",
    type: "elasticsearch",
    access: "proxy",
    url,
    basicAuth: true,
    basicAuthUser: `$${ELASTIC.user}`,
    secureJsonData: { basicAuthPassword: `$${ELASTIC.password}`, tlsCACert: `$__file{${ELASTIC.authority}/${authority.key}}` },
    jsonData: {
      index: "logs-*",
      timeField: "@timestamp",
      logMessageField: "body.text",
      logLevelField: "severity_text",
      tlsAuthWithCACert: true,
      ...(traces ? { dataLinks: [{ field: "trace_id", datasourceUid: "jaeger", url: "$${__value.raw}" }] } : {}),
    },
    signsIn: { authority: authority.secretName, user: users.grafana.user, password: users.grafana.password },
  };
}

/** A data source with credentials in Secrets of Grafana's namespace. */
interface ElasticsearchSource extends DataSource {
  readonly signsIn: { readonly authority: string; readonly user: SecretReference; readonly password: SecretReference };
}

function elasticOf(sources: readonly DataSource[]): ElasticsearchSource["signsIn"] | undefined {
  return (sources.find(({ type }) => type === "elasticsearch") as ElasticsearchSource | undefined)?.signsIn;
}

/** Environment variables and files with credentials. */
function secretsOf(oidc: boolean, elastic: ElasticsearchSource["signsIn"] | undefined): object {
  const from = (name: string, key: string) => ({ secretKeyRef: { name, key } });
  const variables = {
    ...(oidc ? { GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET: from(GRAFANA_SECRETS.oidc, "client-secret") } : {}),
    ...(elastic
      ? {
          [ELASTIC.user]: from(elastic.user.secret.name, elastic.user.key),
          [ELASTIC.password]: from(elastic.password.secret.name, elastic.password.key),
        }
      : {}),
  };
  return {
    ...(Object.keys(variables).length > 0 ? { envValueFrom: variables } : {}),
    ...(elastic
      ? {
          extraSecretMounts: [
            {
              name: "elasticsearch-authority",
              mountPath: ELASTIC.authority,
              secretName: elastic.authority,
              readOnly: true,
              defaultMode: 0o440,
            },
          ],
        }
      : {}),
  };
}

/** Values of the Grafana subchart. Dashboards and data sources are provisioned, so a lost volume loses only preferences. */
export function grafanaValues(
  { scratchClass: storageClass }: Pick<KubernetesTarget, "scratchClass">,
  { url = FORWARDED, oidc }: GrafanaSettings,
  sources: readonly DataSource[],
): object {
  return {
    enabled: true,
    fullnameOverride: "grafana",
    // Two pods can't share the volume.
    deploymentStrategy: { type: "Recreate" },
    persistence: { enabled: true, size: "10Gi", storageClassName: storageClass },
    initChownData: { enabled: false },
    testFramework: { enabled: false },
    resources: resources(GRAFANA.grafana),
    containerSecurityContext: { ...CONTAINER, readOnlyRootFilesystem: true },
    extraEmptyDirMounts: [{ name: "tmp", mountPath: "/tmp" }],
    enableServiceLinks: false,
    // The sidecars read ConfigMaps of their own namespace only, and no Secrets.
    rbac: { namespaced: true },
    sidecar: {
      resources: resources(GRAFANA.sidecar),
      securityContext: { ...CONTAINER, readOnlyRootFilesystem: true },
      dashboards: {
        searchNamespace: null,
        resource: "configmap",
        folderAnnotation: "grafana_folder",
        provider: { allowUiUpdates: false, foldersFromFilesStructure: true },
      },
      datasources: { searchNamespace: null, resource: "configmap", exemplarTraceIdDestinations: exemplars(sources) },
    },
    defaultDashboardsEditable: false,
    // Removes data sources that are no longer provisioned.
    prune: true,
    additionalDataSources: sources.map(({ signsIn: _, ...source }) => source),
    admin: { existingSecret: GRAFANA_SECRETS.admin, userKey: "admin-user", passwordKey: "admin-password" },
    ...secretsOf(oidc !== undefined, elasticOf(sources)),
    "grafana.ini": {
      server: { root_url: url },
      // Keeps the plugins of the image: an update at startup stops them first, and fails on a read-only root file system.
      plugins: { preinstall_auto_update: false },
      analytics: { check_for_updates: false, check_for_plugin_updates: false, reporting_enabled: false },
      users: { allow_sign_up: false, viewers_can_edit: false },
      security: { disable_gravatar: true, cookie_secure: url.startsWith("https://"), cookie_samesite: "lax" },
      ...(oidc ? { auth: { disable_login_form: true }, "auth.generic_oauth": oauth(oidc) } : {}),
    },
  };
}

const CONTAINER = {
  allowPrivilegeEscalation: false,
  privileged: false,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
} as const;

/** Links from exemplars to traces. */
function exemplars(sources: readonly DataSource[]): object {
  const traces = sources.find(({ type }) => type === "jaeger");
  return traces ? { datasourceUid: traces.uid, traceIdLabelName: "trace_id" } : {};
}

function oauth({ clientId, authUrl, tokenUrl, apiUrl, role, scopes = "openid profile email" }: GrafanaOidc): object {
  return {
    enabled: true,
    name: "Single sign-on",
    client_id: clientId,
    scopes,
    auth_url: authUrl,
    token_url: tokenUrl,
    api_url: apiUrl,
    use_pkce: true,
    use_refresh_token: true,
    allow_sign_up: true,
    auto_login: true,
    role_attribute_path: role,
    // Without this, users without a role become viewers.
    role_attribute_strict: true,
    allow_assign_grafana_admin: false,
  };
}
