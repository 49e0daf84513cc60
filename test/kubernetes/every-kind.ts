import { ClusterRoleBindingV1 } from "@cdktf/provider-kubernetes/lib/cluster-role-binding-v1";
import { ClusterRoleV1 } from "@cdktf/provider-kubernetes/lib/cluster-role-v1";
import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { CronJobV1 } from "@cdktf/provider-kubernetes/lib/cron-job-v1";
import { DaemonSetV1 } from "@cdktf/provider-kubernetes/lib/daemon-set-v1";
import { DefaultServiceAccountV1 } from "@cdktf/provider-kubernetes/lib/default-service-account-v1";
import { DeploymentV1, type DeploymentV1SpecTemplateSpec } from "@cdktf/provider-kubernetes/lib/deployment-v1";
import { HorizontalPodAutoscalerV2 } from "@cdktf/provider-kubernetes/lib/horizontal-pod-autoscaler-v2";
import { JobV1 } from "@cdktf/provider-kubernetes/lib/job-v1";
import { LimitRangeV1 } from "@cdktf/provider-kubernetes/lib/limit-range-v1";
import { NamespaceV1 } from "@cdktf/provider-kubernetes/lib/namespace-v1";
import { NetworkPolicyV1 } from "@cdktf/provider-kubernetes/lib/network-policy-v1";
import { PersistentVolumeClaimV1 } from "@cdktf/provider-kubernetes/lib/persistent-volume-claim-v1";
import { PodDisruptionBudgetV1 } from "@cdktf/provider-kubernetes/lib/pod-disruption-budget-v1";
import { PriorityClassV1 } from "@cdktf/provider-kubernetes/lib/priority-class-v1";
import { ResourceQuotaV1 } from "@cdktf/provider-kubernetes/lib/resource-quota-v1";
import { RoleBindingV1 } from "@cdktf/provider-kubernetes/lib/role-binding-v1";
import { RoleV1 } from "@cdktf/provider-kubernetes/lib/role-v1";
import { SecretV1 } from "@cdktf/provider-kubernetes/lib/secret-v1";
import { ServiceAccountV1 } from "@cdktf/provider-kubernetes/lib/service-account-v1";
import { ServiceV1 } from "@cdktf/provider-kubernetes/lib/service-v1";
import { StatefulSetV1 } from "@cdktf/provider-kubernetes/lib/stateful-set-v1";
import { StorageClassV1 } from "@cdktf/provider-kubernetes/lib/storage-class-v1";
import type { TerraformStack } from "cdktf";
import { CustomResources, KubernetesTarget, Release } from "../../constructs/kubernetes";

/** A value that must be in nothing that is written for others. */
export const CANARY = "canary-3f1c";

const LABELS = { "app.kubernetes.io/name": "orders", under_score: "kept" };
const EXPRESSION = { key: "app.kubernetes.io/name", operator: "In", values: ["orders"] };
const SELECTOR = { matchLabels: LABELS, matchExpressions: [EXPRESSION] };
const SECURITY = {
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  privileged: false,
  readOnlyRootFilesystem: true,
  runAsUser: "65532",
  runAsGroup: "65532",
  capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
  seLinuxOptions: { level: "s0:c123,c456", role: "r", type: "container_t", user: "u" },
};
const RESOURCES = { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "128Mi" } };
const HTTP = {
  path: "/health",
  port: "http",
  scheme: "HTTPS",
  httpHeader: [
    { name: "X-Probe", value: "" },
    { name: "X-Other", value: "yes" },
  ],
};
const TIMES = { initialDelaySeconds: 5, periodSeconds: 20, timeoutSeconds: 2, successThreshold: 1, failureThreshold: 4 };
const KEYS = [{ key: "a", path: "a.txt", mode: "0440" }];
const FILES = [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" }, mode: "0440" }];
const CLAIM = {
  accessModes: ["ReadWriteOnce"],
  resources: { requests: { storage: "10Gi" }, limits: { storage: "20Gi" } },
  storageClassName: "data",
  volumeMode: "Filesystem",
};

const POD: DeploymentV1SpecTemplateSpec = {
  serviceAccountName: "orders",
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  priorityClassName: "orders",
  schedulerName: "default-scheduler",
  nodeSelector: { "kubernetes.io/os": "linux" },
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerm: [
          {
            matchExpressions: [{ key: "kubernetes.io/arch", operator: "In", values: ["amd64"] }],
            matchFields: [{ key: "metadata.name", operator: "NotIn", values: ["bad-node"] }],
          },
        ],
      },
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 10, preference: { matchExpressions: [{ key: "zone", operator: "Exists" }] } },
      ],
    },
    podAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 5, podAffinityTerm: { labelSelector: [SELECTOR], topologyKey: "topology.kubernetes.io/zone", namespaces: ["orders"] } },
      ],
    },
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { labelSelector: [SELECTOR], namespaceSelector: [{ matchLabels: { team: "orders" } }], topologyKey: "kubernetes.io/hostname" },
      ],
    },
  },
  toleration: [
    { key: "dedicated", value: "orders", effect: "NoSchedule" },
    { key: "gone", operator: "Exists", effect: "NoExecute", tolerationSeconds: "30" },
  ],
  topologySpreadConstraint: [
    {
      maxSkew: 2,
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: [SELECTOR],
      matchLabelKeys: ["pod-template-hash"],
      minDomains: 3,
      nodeAffinityPolicy: "Honor",
      nodeTaintsPolicy: "Honor",
    },
    { topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway", labelSelector: [SELECTOR] },
  ],
  securityContext: {
    runAsNonRoot: true,
    runAsUser: "65532",
    runAsGroup: "65532",
    fsGroup: "65532",
    fsGroupChangePolicy: "OnRootMismatch",
    supplementalGroups: [1000, 2000],
    seccompProfile: { type: "Localhost", localhostProfile: "profiles/orders.json" },
    seLinuxOptions: { level: "s0:c123,c456" },
    sysctl: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }],
  },
  imagePullSecrets: [{ name: "registry" }],
  initContainer: [{ name: "wait", image: "busybox:1.37", command: ["true"], resources: RESOURCES, securityContext: SECURITY }],
  container: [
    {
      name: "api",
      image: "example.com/orders/api:1.2.3",
      imagePullPolicy: "IfNotPresent",
      command: ["/api"],
      args: ["--port", "8080", ""],
      workingDir: "/srv",
      port: [
        { name: "http", containerPort: 8080 },
        { name: "dns", containerPort: 8053, protocol: "UDP" },
      ],
      env: [
        { name: "PLAIN", value: "1" },
        { name: "EMPTY", value: "" },
        { name: "FROM_MAP", valueFrom: { configMapKeyRef: { name: "orders", key: "a", optional: true } } },
        { name: "FROM_SECRET", valueFrom: { secretKeyRef: { name: "orders", key: "password" } } },
        { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        { name: "CPU", valueFrom: { resourceFieldRef: { resource: "requests.cpu" } } },
      ],
      envFrom: [{ prefix: "A_", configMapRef: { name: "orders" } }, { secretRef: { name: "orders", optional: true } }],
      resources: RESOURCES,
      volumeMount: [
        { name: "scratch", mountPath: "/tmp" },
        { name: "config", mountPath: "/config", readOnly: true, subPath: "a.txt", mountPropagation: "HostToContainer" },
        { name: "all", mountPath: "/all", subPathExpr: "$(POD_NAME)" },
      ],
      volumeDevice: [{ name: "raw", devicePath: "/dev/xvda" }],
      startupProbe: { exec: { command: ["true"] } },
      readinessProbe: { httpGet: HTTP, ...TIMES },
      livenessProbe: { grpc: [{ port: 9090 }], ...TIMES },
      lifecycle: { postStart: [{ tcpSocket: [{ port: "8080" }] }], preStop: [{ exec: { command: ["sleep", "5"] } }] },
      securityContext: SECURITY,
      stdin: true,
      stdinOnce: true,
      tty: true,
      terminationMessagePath: "/dev/log",
      terminationMessagePolicy: "FallbackToLogsOnError",
    },
  ],
  volume: [
    { name: "scratch", emptyDir: { medium: "Memory", sizeLimit: "64Mi" } },
    { name: "config", configMap: { name: "orders", defaultMode: "0440", items: KEYS, optional: true } },
    { name: "secret", secret: { secretName: "orders", defaultMode: "0400", items: KEYS, optional: true } },
    { name: "pod", downwardApi: { defaultMode: "0444", items: FILES } },
    { name: "raw", persistentVolumeClaim: { claimName: "orders" } },
    { name: "claim", ephemeral: { volumeClaimTemplate: { metadata: { labels: LABELS, annotations: { a: "b" } }, spec: CLAIM } } },
    {
      name: "csi",
      csi: { driver: "secrets.example.com", readOnly: true, volumeAttributes: { some_key: "v" }, nodePublishSecretRef: { name: "s" } },
    },
    {
      name: "all",
      projected: [
        {
          defaultMode: "0440",
          sources: [
            {
              serviceAccountToken: { audience: "api", path: "token", expirationSeconds: 7200 },
              configMap: [{ name: "orders", items: [{ key: "b", path: "b.txt" }] }],
            },
            { secret: [{ name: "orders", optional: true }] },
            {
              downwardApi: {
                items: [
                  { path: "name", fieldRef: { fieldPath: "metadata.name" } },
                  { path: "cpu", resourceFieldRef: { containerName: "api", resource: "requests.cpu", divisor: "1m" } },
                ],
              },
            },
          ],
        },
      ],
    },
  ],
  readinessGate: [{ conditionType: "example.com/ready" }],
  terminationGracePeriodSeconds: 0,
  dnsPolicy: "None",
  dnsConfig: { nameservers: ["10.0.0.10"], searches: ["orders.svc"], option: [{ name: "ndots", value: "2" }, { name: "edns0" }] },
  hostAliases: [{ ip: "10.0.0.1", hostnames: ["store", "store.local"] }],
  hostname: "api",
  subdomain: "orders",
  shareProcessNamespace: true,
  os: { name: "linux" },
};

/** The same in a pod that comes to an end. */
const TASK: DeploymentV1SpecTemplateSpec = {
  container: [{ name: "task", image: "example.com/orders/task:1", resources: RESOURCES, securityContext: SECURITY }],
};

const ROUTE = { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", spec: { hostnames: ["orders.example.com"] } };
const ISSUER = { apiVersion: "cert-manager.io/v1", kind: "ClusterIssuer", spec: { selfSigned: {} } };

/** One of each kind, with every field that fits beside the others. */
export function everyKind(stack: TerraformStack): void {
  const cluster = KubernetesTarget.kubeconfig(stack, { context: "kind-orders" });
  const { metadata: namespace } = new NamespaceV1(stack, "namespace", {
    metadata: { name: "orders", labels: { "pod-security.kubernetes.io/warn": "restricted" }, annotations: { snake_case: "kept" } },
  });
  const metadata = { name: "orders", namespace: namespace.name, labels: LABELS };
  const template = { metadata: { labels: LABELS, annotations: { "example.com/a_b": "c" } }, spec: POD };

  new PriorityClassV1(stack, "priority", { metadata: { name: "orders" }, value: 1000, description: "Orders", preemptionPolicy: "Never" });
  new StorageClassV1(stack, "storage", {
    metadata: { name: "data", annotations: { "storageclass.kubernetes.io/is-default-class": "false" } },
    storageProvisioner: "ebs.csi.aws.com",
    parameters: { type: "gp3", "csi.storage.k8s.io/fstype": "ext4", kms_key: "k" },
    reclaimPolicy: "Retain",
    volumeBindingMode: "WaitForFirstConsumer",
    allowVolumeExpansion: true,
    mountOptions: ["noatime"],
    allowedTopologies: { matchLabelExpressions: [{ key: "topology.kubernetes.io/zone", values: ["eu-west-1a"] }] },
  });
  new ResourceQuotaV1(stack, "quota", {
    metadata,
    spec: {
      hard: { "requests.cpu": "10", pods: "50" },
      scopeSelector: { matchExpression: [{ scopeName: "PriorityClass", operator: "In", values: ["orders"] }] },
    },
  });
  new LimitRangeV1(stack, "limits", {
    metadata,
    spec: {
      limit: [
        { type: "Container", default: { memory: "256Mi" }, defaultRequest: { cpu: "50m" }, min: { cpu: "10m" }, max: { cpu: "4" } },
        { type: "Pod", maxLimitRequestRatio: { memory: "2" } },
      ],
    },
  });
  new DefaultServiceAccountV1(stack, "default", { metadata: { namespace: namespace.name }, automountServiceAccountToken: false });
  new ServiceAccountV1(stack, "account", {
    metadata,
    automountServiceAccountToken: false,
    imagePullSecret: [{ name: "registry" }],
    secret: [{ name: "orders" }],
  });
  new RoleV1(stack, "role", {
    metadata,
    rule: [{ apiGroups: [""], resources: ["configmaps"], resourceNames: ["orders"], verbs: ["get"] }],
  });
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "orders" };
  new RoleBindingV1(stack, "role-binding", {
    metadata,
    roleRef,
    subject: [
      { kind: "ServiceAccount", name: "orders", namespace: "orders" },
      { kind: "Group", name: "readers", apiGroup: "rbac.authorization.k8s.io" },
    ],
  });
  new ClusterRoleV1(stack, "cluster-role", {
    metadata: { name: "orders" },
    rule: [
      { apiGroups: [""], resources: ["nodes"], verbs: ["list"] },
      { nonResourceUrls: ["/metrics"], verbs: ["get"] },
    ],
  });
  new ClusterRoleV1(stack, "aggregated", {
    metadata: { name: "orders-all" },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { "example.com/part-of": "orders" } }] },
  });
  new ClusterRoleBindingV1(stack, "cluster-role-binding", {
    metadata: { name: "orders" },
    roleRef: { ...roleRef, kind: "ClusterRole" },
    subject: [{ kind: "ServiceAccount", name: "orders", namespace: "orders" }],
  });
  new ConfigMapV1(stack, "config", { metadata, data: { a_b: "1", empty: "" }, binaryData: { bytes: "aGVsbG8=" } });
  new SecretV1(stack, "secret", {
    metadata,
    immutable: true,
    dataWo: { password: CANARY, user_name: CANARY },
    dataWoRevision: 2,
    binaryDataWo: { keystore: Buffer.from(CANARY).toString("base64") },
    binaryDataWoRevision: 1,
  });
  new NetworkPolicyV1(stack, "deny", {
    metadata: { ...metadata, name: "deny" },
    spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
  });
  new NetworkPolicyV1(stack, "allow", {
    metadata,
    spec: {
      podSelector: SELECTOR,
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {},
        { from: [{ podSelector: {}, namespaceSelector: {} }], ports: [{ port: "http" }, { port: "8000", endPort: 8010, protocol: "UDP" }] },
      ],
      egress: [{ to: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }], ports: [{}] }],
    },
  });
  new ServiceV1(stack, "headless", {
    metadata: { ...metadata, name: "headless" },
    spec: { clusterIp: "None", selector: LABELS, publishNotReadyAddresses: true, port: [{ port: 9090 }] },
  });
  new ServiceV1(stack, "service", {
    metadata,
    spec: {
      type: "LoadBalancer",
      selector: LABELS,
      port: [
        { name: "http", port: 80, targetPort: "http", nodePort: 30080, appProtocol: "http" },
        { name: "dns", port: 53, targetPort: "8053", protocol: "UDP" },
      ],
      ipFamilyPolicy: "SingleStack",
      ipFamilies: ["IPv4"],
      internalTrafficPolicy: "Cluster",
      externalTrafficPolicy: "Local",
      healthCheckNodePort: 31000,
      externalIps: ["192.0.2.1"],
      loadBalancerClass: "service.k8s.aws/nlb",
      loadBalancerIp: "192.0.2.2",
      loadBalancerSourceRanges: ["10.0.0.0/8"],
      allocateLoadBalancerNodePorts: true,
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIp: { timeoutSeconds: 60 } },
    },
  });
  new ServiceV1(stack, "external", {
    metadata: { ...metadata, name: "external" },
    spec: { type: "ExternalName", externalName: "store.example.com" },
  });
  new PersistentVolumeClaimV1(stack, "claim", {
    metadata,
    spec: { ...CLAIM, volumeMode: "Block", volumeName: "volume", selector: SELECTOR },
    waitUntilBound: false,
  });
  new DeploymentV1(stack, "deployment", {
    metadata,
    waitForRollout: false,
    spec: {
      replicas: "3",
      minReadySeconds: 10,
      progressDeadlineSeconds: 300,
      revisionHistoryLimit: 5,
      paused: true,
      selector: SELECTOR,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "1", maxUnavailable: "0%" } },
      template,
    },
  });
  new StatefulSetV1(stack, "set", {
    metadata,
    spec: {
      serviceName: "headless",
      replicas: "3",
      podManagementPolicy: "Parallel",
      minReadySeconds: 5,
      revisionHistoryLimit: 10,
      selector: SELECTOR,
      updateStrategy: [{ type: "RollingUpdate", rollingUpdate: [{ partition: 1 }] }],
      persistentVolumeClaimRetentionPolicy: [{ whenDeleted: "Retain", whenScaled: "Delete" }],
      volumeClaimTemplate: [{ metadata: { name: "data", labels: LABELS }, spec: CLAIM }],
      template,
    },
  });
  new DaemonSetV1(stack, "agents", {
    metadata,
    spec: {
      selector: SELECTOR,
      minReadySeconds: 5,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
      template: {
        metadata: { labels: LABELS },
        spec: {
          container: [
            { name: "agent", image: "example.com/agent:1", port: [{ containerPort: 9100, hostPort: 9100, hostIp: "127.0.0.1" }] },
          ],
          hostNetwork: true,
          hostPid: true,
          hostIpc: true,
          dnsPolicy: "ClusterFirstWithHostNet",
          volume: [
            { name: "root", hostPath: { path: "/" } },
            { name: "logs", hostPath: { path: "/var/log", type: "Directory" } },
            { name: "shared", nfs: { server: "nfs.example.com", path: "/", readOnly: true } },
          ],
        },
      },
    },
  });
  new JobV1(stack, "job", {
    metadata,
    waitForCompletion: false,
    spec: {
      activeDeadlineSeconds: 600,
      backoffLimit: 0,
      parallelism: 2,
      completions: 4,
      completionMode: "Indexed",
      ttlSecondsAfterFinished: "0",
      podFailurePolicy: {
        rule: [
          { action: "FailJob", onExitCodes: { containerName: "task", operator: "In", values: [42] } },
          { action: "Ignore", onPodCondition: [{ type: "DisruptionTarget" }] },
        ],
      },
      template: { metadata: { labels: LABELS }, spec: TASK },
    },
  });
  new CronJobV1(stack, "nightly", {
    metadata,
    spec: {
      schedule: "0 3 * * *",
      timezone: "Europe/Dublin",
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: 600,
      suspend: true,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 2,
      jobTemplate: { metadata: { labels: LABELS }, spec: { template: { metadata: { labels: LABELS }, spec: TASK } } },
    },
  });
  new PodDisruptionBudgetV1(stack, "budget", { metadata, spec: { minAvailable: "50%", selector: SELECTOR } });
  const target = { type: "Utilization", averageUtilization: 70 };
  new HorizontalPodAutoscalerV2(stack, "scaler", {
    metadata,
    spec: {
      minReplicas: 3,
      maxReplicas: 20,
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "orders" },
      metric: [
        { type: "Resource", resource: { name: "cpu", target } },
        { type: "ContainerResource", containerResource: { container: "api", name: "memory", target } },
        { type: "Pods", pods: { metric: { name: "lag", selector: [SELECTOR] }, target: { type: "AverageValue", averageValue: "10" } } },
        { type: "External", external: { metric: { name: "queue" }, target: { type: "Value", value: "1k" } } },
        {
          type: "Object",
          object: {
            describedObject: { apiVersion: "v1", kind: "Service", name: "orders" },
            metric: { name: "requests" },
            target: { type: "Value", value: "10" },
          },
        },
      ],
      behavior: {
        scaleDown: [
          {
            selectPolicy: "Max",
            stabilizationWindowSeconds: 600,
            policy: [{ type: "Percent", value: 10, periodSeconds: 60 }],
          },
        ],
      },
    },
  });
  new Release(stack, "certificates", {
    cluster,
    chart: "cert-manager",
    name: "cert-manager",
    namespace: namespace.name,
    values: { crds: { enabled: true } },
    pods: [],
  });
  new CustomResources(stack, "routes", {
    cluster,
    namespace: namespace.name,
    objects: [
      { ...ROUTE, metadata: { name: "orders" } },
      { ...ISSUER, metadata: { name: "orders" } },
      { ...ROUTE, metadata: { name: "elsewhere", namespace: "other" } },
    ],
  });
}
