import type { KubernetesApi, KubernetesObject } from "../cluster/api";

/** What Prometheus reads: its configuration, and the files that it names, by their names. */
interface Configured {
  readonly configuration: object;
  readonly files: Readonly<Record<string, string>>;
}

/** Where its files are. */
const DIRECTORY = "/config";

/** What the operator of Prometheus makes of monitors: a job for each endpoint, with the labels that rules rest on. */
export async function scrapeConfigurations(api: KubernetesApi, monitors: readonly KubernetesObject[]): Promise<Configured> {
  const files: Record<string, string> = {};
  const fileOf = async (namespace: string, { name, key }: { readonly name: string; readonly key: string }) => {
    const file = `${namespace}-${name}-${key}`;
    const { data } = await api.get({ apiVersion: "v1", kind: "Secret", metadata: { namespace, name } });
    files[file] = Buffer.from(data[key], "base64").toString();
    return `${DIRECTORY}/${file}`;
  };
  const jobs = monitors.flatMap((monitor) =>
    (monitor.spec.podMetricsEndpoints ?? monitor.spec.endpoints).map(async (endpoint: any, index: number) => {
      const { namespace = "", name } = monitor.metadata;
      const { tlsConfig: tls, basicAuth: user } = endpoint;
      return {
        ...discovered(monitor, endpoint),
        job_name: `${monitor.kind}/${namespace}/${name}/${index}`,
        honor_labels: endpoint.honorLabels ?? false,
        scrape_interval: endpoint.interval ?? "15s",
        scrape_timeout: endpoint.scrapeTimeout ?? "10s",
        metrics_path: endpoint.path ?? "/metrics",
        scheme: endpoint.scheme ?? "http",
        ...(tls ? { tls_config: { ca_file: await fileOf(namespace, tls.ca.secret), server_name: tls.serverName } } : {}),
        ...(user
          ? {
              basic_auth: {
                username_file: await fileOf(namespace, user.username),
                password_file: await fileOf(namespace, user.password),
              },
            }
          : {}),
      };
    }),
  );
  const configuration = {
    global: { evaluation_interval: "15s" },
    rule_files: [`${DIRECTORY}/rules-*.yml`],
    scrape_configs: await Promise.all(jobs),
  };
  return { configuration, files };
}

const label = (name: string) => name.replace(/[^a-zA-Z0-9_]/g, "_");
const keep = (source: string, regex: string) => ({ source_labels: [source], regex, action: "keep" });
const set = (target_label: string, source: string) => ({ source_labels: [source], target_label });

/** Which pods, or endpoints of services, and what their series are labelled with. */
function discovered({ kind, metadata: { namespace = "", name }, spec }: KubernetesObject, { port, relabelings = [] }: any) {
  const isPods = kind === "PodMonitor";
  const of = isPods ? "pod" : "service";
  const names = spec.namespaceSelector?.any ? {} : { namespaces: { names: [namespace] } };
  const portName = isPods ? "__meta_kubernetes_pod_container_port_name" : "__meta_kubernetes_endpoint_port_name";
  return {
    kubernetes_sd_configs: [{ role: isPods ? "pod" : "endpoints", ...names }],
    relabel_configs: [
      { source_labels: ["__meta_kubernetes_pod_phase"], regex: "Failed|Succeeded", action: "drop" },
      ...Object.entries<string>(spec.selector.matchLabels).map(([key, value]) =>
        keep(`__meta_kubernetes_${of}_label_${label(key)}`, value),
      ),
      keep(portName, port),
      set("namespace", "__meta_kubernetes_namespace"),
      set("pod", "__meta_kubernetes_pod_name"),
      set("container", "__meta_kubernetes_pod_container_name"),
      ...(isPods ? [] : [set("service", "__meta_kubernetes_service_name")]),
      ...(spec.podTargetLabels ?? []).map((key: string) => set(label(key), `__meta_kubernetes_pod_label_${label(key)}`)),
      {
        target_label: "job",
        replacement: isPods ? `${namespace}/${name}` : "$1",
        ...(isPods ? {} : { source_labels: ["__meta_kubernetes_service_name"] }),
      },
      { target_label: "endpoint", replacement: port },
      ...relabelings.map(({ targetLabel, sourceLabels, ...rest }: any) => ({
        ...rest,
        ...(targetLabel ? { target_label: targetLabel } : {}),
        ...(sourceLabels ? { source_labels: sourceLabels } : {}),
      })),
    ],
  };
}
