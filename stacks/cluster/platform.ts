import { PriorityClassV1 } from "@cdktf/provider-kubernetes/lib/priority-class-v1";
import { type App, Fn } from "cdktf";
import { PLANNERS } from "../../constructs/cluster";
import { cloudName } from "../../constructs/core/names";
import { CustomResources, Namespace } from "../../constructs/kubernetes";
import { ImagePolicy, type PartName, PLACES, Planners, Platform, type PlatformParts, partNamespaces } from "../../constructs/platform";
import { secretStore } from "../../constructs/secrets";
import type { NetworkOutputs } from "../base/outputs";
import { type AwsOutputs, kubernetesStack, type Site } from "../base/site";
import type { PlatformStack } from "../base/stack";
import { isExistingCluster } from "../model/cluster";
import { withPipeline } from "../model/derive/access";
import { NAMESPACES } from "../model/derive/namespaces";
import { type PlatformPart, partsFromElsewhere, partsOf } from "../model/derive/platform-parts";
import { prioritiesOn } from "../model/derive/priorities";
import { secretsOf } from "../model/derive/secrets";
import { domainsOn } from "../model/derive/signals";
import { metricsReader, ownPrometheus } from "../model/monitoring";
import { zoneIds } from "../model/place";

/** Names of preinstalled components that other components depend on. */
const PARTS: Readonly<Partial<Record<PlatformPart, PartName>>> = {
  "cert-manager": "certificates",
  "cloudnative-pg": "postgres",
  "gateway-api": "definitions",
};

/** Platform stack of a cluster, before all workloads: only the components that they need. */
export function platformStack(app: App, site: Site): PlatformStack {
  const { environment } = site;
  const { stack, cluster } = kubernetesStack(app, site, "platform");
  for (const { of, name, value, preempts } of prioritiesOn(environment, site.key))
    new PriorityClassV1(stack, `priority-${of}`, {
      metadata: { name },
      value,
      ...(preempts ? {} : { preemptionPolicy: "Never" }),
      description: "Who stays when nodes are full: stores, the write side, the read side, projections",
    });
  const parts = settings(stack, site);
  const reader = metricsReader(environment.monitoring);
  const namespaces = partNamespaces(Object.keys(parts) as PartName[], cluster, reader).map(
    (namespace) => new Namespace(stack, `namespace-${namespace.name}`, { cluster, ...namespace }),
  );
  const platform = new Platform(stack, "platform", {
    cluster,
    parts,
    elsewhere: [...partsFromElsewhere(site.cluster)].flatMap((part) => PARTS[part] ?? []),
    metrics: reader !== undefined,
    namespaces: Object.fromEntries(namespaces.map(({ name, ready }) => [name, ready])),
  });
  if (hasPlanners(site)) new Planners(stack, "planners", { group: PLANNERS });
  const { registries } = environment;
  // Stores that share a namespace with a domain have the images of their charts.
  const workloads = domainsOn(environment, site.key).flatMap(({ namespace, ownsNamespace }) => (ownsNamespace ? [namespace] : []));
  if (registries && workloads.length > 0) {
    const name = cloudName("release", environment.system, environment.name, "images");
    new ImagePolicy(stack, "images", { cluster, name, namespaces: workloads, registries });
  }
  const readers = secretReaders(site);
  if (cluster.aws && readers.length > 0) {
    new CustomResources(stack, "secret-store", {
      cluster,
      namespace: PLACES.secrets.namespace,
      objects: [secretStore({ region: cluster.aws.region, name: [environment.system, environment.name], namespaces: readers })],
      after: platform.ready.secrets ?? [],
    });
  }
  return stack;
}

/** Checks if a plan role with restricted read access exists. On an existing cluster its owner manages roles. */
function hasPlanners({ cluster, foundation }: Site): boolean {
  if (!foundation || isExistingCluster(cluster)) return false;
  const { environment, account } = foundation.context;
  return withPipeline(environment, account).planners.length > 0;
}

/** Settings of each component that the cluster needs. */
function settings(stack: PlatformStack, site: Site): PlatformParts {
  const { cluster, foundation } = site;
  const needed = partsOf(site);
  const has = (part: PlatformPart) => needed.has(part);
  const definitions = { prometheus: has("prometheus-operator-crds"), gateway: has("gateway-api") };
  const onAws = foundation && !isExistingCluster(cluster) ? onEks(stack, site, foundation) : undefined;
  return present<PlatformParts>({
    definitions: definitions.prometheus || definitions.gateway ? definitions : undefined,
    autoscaling: has("keda") ? {} : undefined,
    metricsServer: has("metrics-server") ? { kubeletsUnverified: true } : undefined, // as kind and kubeadm set them up
    snapshots: has("snapshot-controller") ? {} : undefined,
    certificates: has("cert-manager") ? {} : undefined,
    secrets: has("external-secrets") ? {} : undefined,
    postgres: has("cloudnative-pg") ? {} : undefined,
    postgresBackup: has("plugin-barman-cloud") ? {} : undefined,
    gateways: has("nginx-gateway-fabric") ? {} : undefined,
    ...(onAws
      ? {
          storageClasses: has("storage-classes") ? onAws.storageClasses : undefined,
          loadBalancers: has("aws-load-balancer-controller") ? {} : undefined,
          dns: has("external-dns") ? onAws.dns() : undefined,
          scaling: has("karpenter") ? onAws.scaling() : undefined,
        }
      : {}),
  });
}

/** Settings of the components that use AWS. */
function onEks(stack: PlatformStack, { environment, key, cluster }: Site, { context, keys, network, clusters }: AwsOutputs) {
  const made = clusters[key];
  if (!made || isExistingCluster(cluster)) throw new Error(`${environment.name}.${key} is made by no stack`);
  const { system, name, aws } = context.environment;
  const { disksKeyArn } = stack.read(keys);
  const { nodes, node, nodeVersion, version } = cluster;
  return {
    storageClasses: { key: disksKeyArn, backupPlan: `${system}-${name}`, keep: stack.protect },
    dns: () => ({ domains: [stack.read(network).privateZoneName] }),
    scaling: () => {
      const { privateSubnetIds, ...groups } = stack.read(network);
      const { interruptionQueue, nodeInstanceProfile } = stack.read(made);
      const group = key === "cluster" ? "nodes" : `${key.replace("Cluster", "")}Nodes`;
      const image = nodeVersion ?? version;
      return {
        queueName: interruptionQueue,
        nodes: {
          count: typeof nodes === "number" ? { min: nodes, max: nodes } : nodes,
          node,
          instanceProfile: nodeInstanceProfile,
          subnetIds: zoneIds(context.environment).map((_, index) => Fn.element(privateSubnetIds, index) as string),
          securityGroupIds: [(groups as Partial<NetworkOutputs>)[`${group}SecurityGroupId`] ?? ""],
          diskKey: disksKeyArn,
          tags: { ...aws.tags, system, environment: name },
          ...(image ? { version: image } : {}),
        },
      };
    },
  };
}

/** Namespaces of a cluster that read secrets: the home namespaces, and those of workloads. */
function secretReaders({ environment, key }: Site): readonly string[] {
  const homes = secretsOf(environment).filter(({ cluster }) => cluster === key);
  const readers = domainsOn(environment, key).filter(({ ownsNamespace }) => ownsNamespace);
  const watching = ownPrometheus(environment.monitoring) ? [{ namespace: NAMESPACES.observability }] : [];
  return [...new Set([...homes, ...readers, ...watching].map(({ namespace }) => namespace))];
}

/** Drops undefined settings: an absent component differs from one without settings. */
function present<T extends object>(settings: { readonly [Key in keyof T]: T[Key] | undefined }): T {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as T;
}
