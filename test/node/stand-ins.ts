import { RESTRICTED } from "../../constructs/kubernetes";
import type { KubernetesObject } from "../cluster/api";
import { condition } from "./operators";

/** The images of stand-ins: those that the operators' pods run, or their like. */
export const DATABASE_IMAGE = "ghcr.io/cloudnative-pg/postgresql:17.11-minimal-trixie";
export const CACHE_IMAGE = "docker.io/valkey/valkey:9.1.1";
export const GATEWAY_IMAGE = "docker.io/library/nginx:1.29.4";

/** What tells a person that an object is not the operator's own. */
const standsInFor = (what: string) => ({ annotations: { "stands-in-for": what } });

const podSecurity = (user: number, more: object = {}) => ({
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  fsGroup: user,
  seccompProfile: { type: "RuntimeDefault" },
  ...more,
});

const secret = (name: string, mode = 0o440) => ({ secret: { secretName: name, defaultMode: mode } });

const DATABASE = `set -eu
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
PATH=$bin:$PATH
if [ ! -s /data/main/PG_VERSION ]; then
  rm -rf /data/new
  initdb --pgdata=/data/new --username=postgres --encoding="$ENCODING" --lc-collate="$COLLATE" --lc-ctype="$CTYPE" --data-checksums --auth=reject
  {
    echo "create role $OWNER login createrole createdb password '$PASSWORD'"
    echo "create database $DATABASE owner $OWNER"
  } | postgres --single -D /data/new postgres
  mv /data/new /data/main
fi
# A volume that is mounted again may have the rights of the pod's group, which the server refuses.
chmod 0700 /data/main
cp /config/pg_hba.conf /data/main/pg_hba.conf
exec postgres -D /data/main -c listen_addresses='*' -c unix_socket_directories=/tmp -c ssl=on -c ssl_cert_file=/tls/tls.crt \\
  -c ssl_key_file=/tls/tls.key "$@"
`;

/** What CloudNativePG makes of a cluster with one instance: its pod, its services, its volume and its owner. */
export function database(cluster: KubernetesObject, password: string): readonly KubernetesObject[] {
  const { namespace = "", name } = cluster.metadata;
  const { bootstrap, certificates, postgresql, priorityClassName, resources, storage } = cluster.spec;
  const labels = { "cnpg.io/cluster": name, "cnpg.io/podRole": "instance", "cnpg.io/instanceRole": "primary", role: "primary" };
  const metadata = (suffix = "") => ({ namespace, name: `${name}${suffix}`, ...standsInFor("CloudNativePG") });
  const { initdb } = bootstrap;
  const env = {
    ENCODING: initdb.encoding,
    COLLATE: initdb.localeCollate,
    CTYPE: initdb.localeCType,
    OWNER: initdb.owner,
    DATABASE: initdb.database,
  };
  const parameters = Object.entries(postgresql.parameters).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
  return [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: metadata("-app"),
      type: "kubernetes.io/basic-auth",
      stringData: { username: initdb.owner, password },
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: metadata("-stand-in"),
      data: { "start.sh": DATABASE, "pg_hba.conf": `local all all trust\n${postgresql.pg_hba.join("\n")}\n` },
    },
    ...["-rw", "-ro", "-r"].map((suffix) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata(suffix),
      spec: { selector: { "cnpg.io/cluster": name }, ports: [{ name: "postgres", port: 5432 }] },
    })),
    {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: metadata(),
      spec: {
        serviceName: `${name}-rw`,
        replicas: 1,
        ordinals: { start: 1 },
        selector: { matchLabels: { "cnpg.io/cluster": name } },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            priorityClassName,
            // A smart shutdown would wait for clients: CloudNativePG asks for a fast one.
            terminationGracePeriodSeconds: 30,
            securityContext: podSecurity(26),
            containers: [
              {
                name: "postgres",
                image: DATABASE_IMAGE,
                command: ["sh", "/config/start.sh", ...parameters],
                env: [
                  ...Object.entries(env).map(([key, value]) => ({ name: key, value })),
                  { name: "PASSWORD", valueFrom: { secretKeyRef: { name: `${name}-app`, key: "password" } } },
                ],
                ports: [{ name: "postgresql", containerPort: 5432 }],
                readinessProbe: {
                  exec: { command: ["sh", "-c", "$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)/pg_isready -q -h /tmp"] },
                  periodSeconds: 2,
                },
                lifecycle: { preStop: { exec: { command: ["sh", "-c", "kill -INT 1"] } } },
                resources,
                securityContext: RESTRICTED,
                volumeMounts: [
                  { name: "pgdata", mountPath: "/data" },
                  { name: "tmp", mountPath: "/tmp" },
                  { name: "shm", mountPath: "/dev/shm" },
                  { name: "config", mountPath: "/config", readOnly: true },
                  { name: "tls", mountPath: "/tls", readOnly: true },
                ],
              },
            ],
            volumes: [
              { name: "tmp", emptyDir: { sizeLimit: "16Mi" } },
              { name: "shm", emptyDir: { medium: "Memory" } },
              { name: "config", configMap: { name: `${name}-stand-in` } },
              { name: "tls", ...secret(certificates.serverTLSSecret) },
            ],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: "pgdata" },
            spec: {
              accessModes: ["ReadWriteOnce"],
              storageClassName: storage.storageClass,
              resources: { requests: { storage: storage.size } },
            },
          },
        ],
      },
    },
  ];
}

/** What Valkey's chart makes of its values without replicas: one server with TLS, users and a volume. */
export function cache({ namespace, name, values }: { namespace: string; name: string; values: any }): readonly KubernetesObject[] {
  const labels = { "app.kubernetes.io/name": "valkey", "app.kubernetes.io/instance": name };
  const metadata = (suffix = "") => ({ namespace, name: `${name}${suffix}`, ...standsInFor("Valkey's chart") });
  const { auth, priorityClassName, resources, readinessProbe, startupProbe, tls, valkeyConfig } = values;
  const lines = [
    ...String(valkeyConfig)
      .split("\n")
      // Redis has no such setting: it is told by hand to read certificates again.
      .filter((line) => line && !line.startsWith("tls-auto-reload-interval")),
    "port 0",
    "tls-port 6379",
    "dir /data",
    "tls-auth-clients no",
    `tls-cert-file /tls/${tls.serverPublicKey}`,
    `tls-key-file /tls/${tls.serverKey}`,
    `tls-ca-cert-file /tls/${tls.caPublicKey}`,
    "aclfile /acl/users.acl",
  ];
  const start = `set -eu
{
  printf '%s\\n' "$ACL"
  printf 'user default on #%s %s\\n' "$(printf %s "$PASSWORD" | sha256sum | cut -d ' ' -f 1)" "$PERMISSIONS"
} >/acl/users.acl
exec valkey-server /config/valkey.conf
`;
  const { default: user } = auth.aclUsers;
  return [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: metadata("-stand-in"),
      data: { "start.sh": start, "valkey.conf": `${lines.join("\n")}\n` },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata(),
      spec: { selector: labels, ports: [{ name: "tcp", port: 6379, targetPort: 6379 }] },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata("-headless"),
      spec: { clusterIP: "None", publishNotReadyAddresses: true, selector: labels, ports: [{ name: "tcp", port: 6379 }] },
    },
    {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: metadata(),
      spec: {
        serviceName: `${name}-headless`,
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            priorityClassName,
            securityContext: podSecurity(1000),
            containers: [
              {
                name: "valkey",
                image: CACHE_IMAGE,
                command: ["sh", "/config/start.sh"],
                env: [
                  { name: "ACL", value: auth.aclConfig },
                  { name: "PERMISSIONS", value: user.permissions },
                  { name: "PASSWORD", valueFrom: { secretKeyRef: { name: auth.usersExistingSecret, key: "default" } } },
                ],
                ports: [{ name: "tcp", containerPort: 6379 }],
                readinessProbe: readinessProbe.customProbe,
                startupProbe: startupProbe.customProbe,
                resources,
                securityContext: RESTRICTED,
                volumeMounts: [
                  { name: "valkey-data", mountPath: "/data" },
                  { name: "acl", mountPath: "/acl" },
                  { name: "tmp", mountPath: "/tmp" },
                  { name: "config", mountPath: "/config", readOnly: true },
                  { name: "tls", mountPath: "/tls", readOnly: true },
                ],
              },
            ],
            volumes: [
              { name: "acl", emptyDir: { medium: "Memory" } },
              { name: "tmp", emptyDir: {} },
              { name: "config", configMap: { name: `${name}-stand-in` } },
              { name: "tls", ...secret(tls.existingSecret) },
            ],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: "valkey-data" },
            spec: {
              accessModes: ["ReadWriteOnce"],
              storageClassName: values.replica.persistence.storageClass,
              resources: { requests: { storage: values.replica.persistence.size } },
            },
          },
        ],
      },
    },
  ];
}

/** The configuration by which nginx sends requests on, as its routes say. */
export function nginxConfiguration(namespace: string, routes: readonly KubernetesObject[]): string {
  const rules = routes.flatMap(({ spec }) => spec.rules as any[]);
  const backends = rules.map(({ backendRefs }) => backendRefs.filter(({ weight }: any) => weight > 0) as any[]);
  const names = new Set(backends.flat().map(({ name, port }) => `${name}:${port}`));
  return `pid /var/run/nginx/nginx.pid;
worker_processes 1;
error_log stderr warn;
events { worker_connections 512; }
http {
  access_log off;
${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((each) => `  ${each}_temp_path /tmp/${each};`).join("\n")}
${[...names].map((each) => `  upstream ${each.replace(":", "-")} { server ${each.replace(":", `.${namespace}.svc.cluster.local:`)}; }`).join("\n")}
${backends.map((refs, index) => `  split_clients $request_id $backend_${index} {\n${shares(refs)}\n  }`).join("\n")}
  server {
    listen 80;
${rules.map(({ matches }, index) => `    location ${matches[0].path.value} { proxy_pass http://$backend_${index}; proxy_set_header Host $host; proxy_next_upstream off; }`).join("\n")}
  }
}
`;
}

function shares(refs: readonly { readonly name: string; readonly port: number; readonly weight: number }[]): string {
  const all = refs.reduce((sum, { weight }) => sum + weight, 0);
  return refs
    .map(({ name, port, weight }, index) => {
      const share = index === refs.length - 1 ? "*" : `${((weight / all) * 100).toFixed(2)}%`;
      return `    ${share} ${name}-${port};`;
    })
    .join("\n");
}

/** What NGINX Gateway Fabric makes of a Gateway: nginx, and a service before it. */
export function gateway(object: KubernetesObject, proxy: KubernetesObject, configuration: string): readonly KubernetesObject[] {
  const { namespace = "", name } = object.metadata;
  const labels = { "gateway.networking.k8s.io/gateway-name": name, "app.kubernetes.io/name": `${name}-nginx` };
  const metadata = { namespace, name: `${name}-nginx`, ...standsInFor("NGINX Gateway Fabric") };
  const { container, patches, pod, replicas } = proxy.spec.kubernetes.deployment;
  const { priorityClassName } = patches[0].value.spec.template.spec;
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "nginx.conf": configuration } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector: { "gateway.networking.k8s.io/gateway-name": name }, ports: [{ name: "http", port: 80 }] },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { ...metadata, labels },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            priorityClassName,
            ...pod,
            securityContext: podSecurity(101, { sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }] }),
            containers: [
              {
                name: "nginx",
                image: GATEWAY_IMAGE,
                command: ["sh", "-c", "cp /config/nginx.conf /var/run/nginx/ && exec nginx -c /var/run/nginx/nginx.conf -g 'daemon off;'"],
                ports: [{ name: "http", containerPort: 80 }],
                lifecycle: container.lifecycle,
                readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 2 },
                resources: { requests: { cpu: "20m", memory: "32Mi" }, limits: { memory: "64Mi" } },
                securityContext: RESTRICTED,
                volumeMounts: [
                  { name: "run", mountPath: "/var/run/nginx" },
                  { name: "tmp", mountPath: "/tmp" },
                  { name: "config", mountPath: "/config", readOnly: true },
                ],
              },
            ],
            volumes: [
              { name: "run", emptyDir: {} },
              { name: "tmp", emptyDir: {} },
              { name: "config", configMap: { name: `${name}-nginx` } },
            ],
          },
        },
      },
    },
  ];
}

const CONTROLLER = "gateway.nginx.org/nginx-gateway-controller";

/** What a controller says of an object that it has taken; nothing where that kind has no such status. It proves nothing. */
export function accepted({ kind, metadata, spec }: KubernetesObject): object | undefined {
  const observed = (type: string) => ({ ...condition(type), observedGeneration: Number(metadata.generation) });
  if (kind === "Gateway") {
    const listeners = spec.listeners.map(({ name }: { name: string }) => ({
      name,
      attachedRoutes: 1,
      supportedKinds: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute" }],
      conditions: ["Accepted", "Programmed", "ResolvedRefs"].map(observed),
    }));
    return { conditions: ["Accepted", "Programmed"].map(observed), listeners };
  }
  if (kind === "HTTPRoute") {
    const conditions = ["Accepted", "ResolvedRefs"].map(observed);
    return { parents: spec.parentRefs.map((parentRef: object) => ({ parentRef, controllerName: CONTROLLER, conditions })) };
  }
  if (kind === "SnippetsFilter") return { controllers: [{ controllerName: CONTROLLER, conditions: [observed("Accepted")] }] };
  if (["ClientSettingsPolicy", "ProxySettingsPolicy", "UpstreamSettingsPolicy"].includes(kind)) {
    const ancestorRef = { name: spec.targetRef?.name ?? spec.targetRefs?.[0]?.name ?? metadata.name };
    return { ancestors: [{ ancestorRef, controllerName: CONTROLLER, conditions: [observed("Accepted")] }] };
  }
  return undefined;
}
