import { CHARTS } from "../../constructs/core/versions";
import type { KubernetesObject } from "../cluster/api";

/** The image of the server, which has the version of its chart; the stand-in for the reloader runs in it as well. */
export const BROKER_IMAGE = `docker.io/library/nats:${CHARTS.nats.version}-alpine`;

/** Where the chart mounts what servers read. */
const [CONFIG, CERTIFICATES, AUTHORITY, PIDS] = ["/etc/nats-config", "/etc/nats-certs", "/etc/nats-ca-cert", "/var/run/nats"] as const;

const PORTS = { nats: 4222, cluster: 6222, monitor: 8222 } as const;

/** Tells the server of changed files, as the chart's reloader does. */
const RELOADER = `set -eu
was=$(cat "$@" | sha256sum)
while sleep 2; do
  now=$(cat "$@" | sha256sum)
  [ "$now" != "$was" ] || continue
  was=$now
  nats-server --signal reload=${PIDS}/nats.pid
  echo reloaded
done
`;

/** Configuration of NATS: JSON with raw values (`<< $NAME >>`) and includes, as the chart writes it. */
function written(configuration: object): string {
  return JSON.stringify(configuration, null, 2)
    .replace(/"<< (.*?) >>"/g, "$1")
    .replace(/".*\$include": "(.*)",?/g, "include $1;");
}

const secret = (name: string, secretName: string) => ({ name, secret: { secretName } });

const mount = (name: string, mountPath: string) => ({ name, mountPath });

/** What NATS' chart makes of its values: servers with TLS between them and to clients, users, and volumes. */
export function broker({ namespace, name, values }: { namespace: string; name: string; values: any }): readonly KubernetesObject[] {
  const { config, container, podDisruptionBudget, podTemplate, reloader, tlsCA } = values;
  const labels = { "app.kubernetes.io/name": "nats", "app.kubernetes.io/instance": name, "app.kubernetes.io/component": "nats" };
  const metadata = (suffix = "") => ({ namespace, name: `${name}${suffix}`, labels, annotations: { "stands-in-for": "NATS' chart" } });
  const selector = { matchLabels: labels };
  const tls = (directory: string) => ({
    cert_file: `${CERTIFICATES}/${directory}/tls.crt`,
    key_file: `${CERTIFICATES}/${directory}/tls.key`,
    ca_file: `${AUTHORITY}/ca.crt`,
  });
  const hosts = Array.from({ length: config.cluster.replicas }, (_, index) => `${name}-${index}.${name}-headless.${namespace}.svc`);
  const configuration = {
    server_name: "<< $SERVER_NAME >>",
    lame_duck_grace_period: "10s",
    lame_duck_duration: "30s",
    pid_file: `${PIDS}/nats.pid`,
    port: PORTS.nats,
    http_port: PORTS.monitor,
    tls: tls("nats"),
    ...(config.cluster.enabled
      ? {
          cluster: {
            name,
            port: PORTS.cluster,
            no_advertise: true,
            routes: hosts.map((host) => `tls://${host}.cluster.local:${PORTS.cluster}`),
            tls: { ...tls("cluster"), ...config.cluster.tls.merge },
          },
        }
      : {}),
    jetstream: {
      max_memory_store: 0,
      store_dir: "/data",
      max_file_store: `<< ${config.jetstream.fileStore.maxSize} >>`,
      ...config.jetstream.merge,
    },
    ...config.merge,
  };
  const mounts = [
    mount("config", CONFIG),
    mount("pid", PIDS),
    mount("tls-ca", AUTHORITY),
    mount("nats-tls", `${CERTIFICATES}/nats`),
    mount("cluster-tls", `${CERTIFICATES}/cluster`),
    ...container.patch.map(({ value }: any) => value),
  ];
  const watched = [`${CONFIG}/nats.conf`, "/etc/nats-users/users.conf", ...Object.values({ ...tls("nats"), ...tls("cluster") })];
  const own = [
    { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    { name: "SERVER_NAME", value: "$(POD_NAME)" },
  ];
  const env = Object.entries(container.env)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, value]) => (typeof value === "string" ? { name: key, value } : { name: key, ...(value as object) }));
  const { pvc } = config.jetstream.fileStore;
  const { spec, ...merged } = podTemplate.merge;
  // The chart's thresholds; it asks every ten seconds, and gives a server ten before the first time.
  const probe = (path: string, failureThreshold = 3) => ({
    httpGet: { path, port: "monitor" },
    periodSeconds: 2,
    timeoutSeconds: 5,
    failureThreshold,
  });
  const ports = Object.entries(PORTS);
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata: metadata("-config"), data: { "nats.conf": written(configuration) } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata(),
      spec: { selector: labels, ports: [{ name: "nats", port: PORTS.nats, targetPort: "nats" }] },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata("-headless"),
      spec: {
        clusterIP: "None",
        publishNotReadyAddresses: true,
        selector: labels,
        ports: ports.map(([port, number]) => ({ name: port, port: number, targetPort: port })),
      },
    },
    ...(podDisruptionBudget.enabled
      ? [{ apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: metadata(), spec: { maxUnavailable: 1, selector } }]
      : []),
    {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: metadata(),
      spec: {
        serviceName: `${name}-headless`,
        replicas: config.cluster.replicas,
        podManagementPolicy: "Parallel",
        selector,
        template: {
          metadata: { labels, ...merged.metadata },
          spec: {
            enableServiceLinks: false,
            shareProcessNamespace: true,
            terminationGracePeriodSeconds: 60,
            ...spec,
            topologySpreadConstraints: Object.entries(podTemplate.topologySpreadConstraints).map(([topologyKey, constraint]) => ({
              topologyKey,
              labelSelector: selector,
              ...(constraint as object),
            })),
            containers: [
              {
                name: "nats",
                image: BROKER_IMAGE,
                command: ["nats-server", "--config", `${CONFIG}/nats.conf`],
                env: [...own, ...env],
                ports: ports.map(([port, number]) => ({ name: port, containerPort: number })),
                lifecycle: { preStop: { exec: { command: ["nats-server", `-sl=ldm=${PIDS}/nats.pid`] } } },
                startupProbe: probe("/healthz", 90),
                livenessProbe: probe("/healthz?js-enabled-only=true", 30),
                readinessProbe: probe("/healthz?js-server-only=true"),
                ...container.merge,
                volumeMounts: [mount(`${name}-js`, "/data"), ...mounts],
              },
              {
                name: "reloader",
                image: BROKER_IMAGE,
                command: ["sh", "-c", RELOADER, "reloader", ...watched],
                ...reloader.merge,
                volumeMounts: mounts,
              },
            ],
            volumes: [
              { name: "config", configMap: { name: `${name}-config` } },
              { name: "pid", emptyDir: {} },
              secret("tls-ca", tlsCA.secretName),
              secret("nats-tls", config.nats.tls.secretName),
              secret("cluster-tls", config.cluster.tls.secretName),
              ...podTemplate.patch.map(({ value }: any) => value),
            ],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: `${name}-js` },
            spec: {
              accessModes: ["ReadWriteOnce"],
              storageClassName: pvc.storageClassName,
              resources: { requests: { storage: pvc.size } },
            },
          },
        ],
      },
    },
  ];
}
