import { at, block, list, type Reader, type Reading, readBlock, terraform, text, textOrEmpty, type Values } from "./schema";

/** A chart release; only Helm can render its objects. */
export interface ChartRelease {
  readonly name: string;
  readonly namespace: string;

  /** The chart's name in its repository, or its full URL. */
  readonly chart: string;

  /** @default - none: the chart is a full URL or a path */
  readonly repository?: string;

  readonly version?: string;
  readonly values: Values;
}

/** An object in the values of a custom resources chart. */
interface Listed {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

/** Attributes that control Helm, not the objects. */
const MANNERS = [
  "atomic",
  "cleanup_on_fail",
  "create_namespace",
  "description",
  "disable_openapi_validation",
  "disable_webhooks",
  "force_update",
  "id",
  "lint",
  "max_history",
  "recreate_pods",
  "replace",
  "reset_values",
  "reuse_values",
  "skip_crds",
  "take_ownership",
  "timeout",
  "upgrade_install",
  "verify",
  "wait",
  "wait_for_jobs",
] as const;

const values: Reader = (value, reading) => {
  const documents = (list(textOrEmpty)(value, reading) ?? []) as readonly string[];
  if (documents.length > 1) return reading.refuse(`has ${documents.length} documents`, "write one");
  const [document = "{}"] = documents;
  try {
    return JSON.parse(document);
  } catch {
    return reading.refuse("must be valid JSON", "write the values with JSON.stringify", document);
  }
};

/** `set` and similar attributes are not supported here, so that no release is rendered without them. */
const RELEASE = block({
  name: text,
  namespace: { read: text, unasked: "default" },
  chart: text,
  repository: text,
  version: text,
  values,
  ...Object.fromEntries(MANNERS.map((name) => [name, terraform])),
});

/** Reads a release of any chart. */
export function readRelease(given: Values, reading: Reading, ignored: ReadonlySet<string>): ChartRelease {
  return { values: {}, ...readBlock(RELEASE, given, reading, ignored) } as unknown as ChartRelease;
}

/** Returns the objects in a release of the local chart of custom resources, or `undefined` for another chart. */
export function listedIn({ chart, namespace, values: { objects } }: ChartRelease, reading: Reading): readonly Listed[] | undefined {
  if (!CUSTOM_RESOURCES.test(chart)) return undefined;
  return at("values.objects", reading, () => {
    if (!Array.isArray(objects)) return reading.refuse("must be a list", "list the objects", objects) ?? [];
    return objects.map((object: Listed) => (isInCluster(object) ? object : { ...object, metadata: { namespace, ...object.metadata } }));
  });
}

// The asset's directory in the stack, followed by its hash.
const CUSTOM_RESOURCES = /(^|\/)custom-resources-chart\//i;

/** Cluster-scoped kinds, by group: Helm puts all others into the release's namespace. */
const IN_CLUSTER: Readonly<Record<string, readonly string[]>> = {
  "": ["Namespace", "Node", "PersistentVolume"],
  "admissionregistration.k8s.io": [
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
  ],
  "apiextensions.k8s.io": ["CustomResourceDefinition"],
  "apiregistration.k8s.io": ["APIService"],
  "argoproj.io": ["ClusterAnalysisTemplate"],
  "cert-manager.io": ["ClusterIssuer"],
  "elbv2.k8s.aws": ["IngressClassParams"],
  "eventing.keda.sh": ["ClusterCloudEventSource"],
  "external-secrets.io": ["ClusterExternalSecret", "ClusterPushSecret", "ClusterSecretStore"],
  "flowcontrol.apiserver.k8s.io": ["FlowSchema", "PriorityLevelConfiguration"],
  "gateway.networking.k8s.io": ["GatewayClass"],
  "generators.external-secrets.io": ["ClusterGenerator"],
  "groupsnapshot.storage.k8s.io": ["VolumeGroupSnapshotClass", "VolumeGroupSnapshotContent"],
  "karpenter.k8s.aws": ["EC2NodeClass"],
  "karpenter.sh": ["NodeClaim", "NodeOverlay", "NodePool"],
  "keda.sh": ["ClusterTriggerAuthentication"],
  "networking.k8s.io": ["IngressClass"],
  "node.k8s.io": ["RuntimeClass"],
  "policy.networking.k8s.io": ["AdminNetworkPolicy", "BaselineAdminNetworkPolicy"],
  "postgresql.cnpg.io": ["ClusterImageCatalog"],
  "rbac.authorization.k8s.io": ["ClusterRole", "ClusterRoleBinding"],
  "scheduling.k8s.io": ["PriorityClass"],
  "snapshot.storage.k8s.io": ["VolumeSnapshotClass", "VolumeSnapshotContent"],
  "storage.k8s.io": ["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"],
};

function isInCluster({ apiVersion, kind }: Listed): boolean {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
  return IN_CLUSTER[group ?? ""]?.includes(kind) ?? false;
}
