import { InvalidInput } from "../../constructs/core/errors";
import { CHARTS } from "../../constructs/core/versions";
import { type KubernetesObject, type KubernetesObjects, kubernetesObjects } from "../../constructs/kubernetes";
import { type Body, synth } from "../synth";
import { CANARY, everyKind } from "./every-kind";

/** The one object of a resource that is written as Terraform has it. */
function objectOf(type: string, body: Body, others: Body = {}): Body {
  const { objects } = kubernetesObjects({
    resource: { ...others, [`kubernetes_${type}`]: { it: { metadata: { name: "orders" }, ...body } } },
  });
  return objects.at(-1) as KubernetesObject;
}

/** What is said against a resource, a line for each problem. */
function refusalsOf(resource: Body): readonly string[] {
  try {
    kubernetesObjects({ resource });
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.message.split("\n");
  }
}

/** The specification of a Deployment's pods. */
function podSpec(spec: Body): Body {
  return objectOf("deployment_v1", { spec: { template: { metadata: {}, spec } } }).spec.template.spec;
}

/** The one container of a Deployment's pods. */
function container(fields: Body): Body {
  return podSpec({ container: [{ name: "api", ...fields }] }).containers[0];
}

/** The one volume of a Deployment's pods. */
function volume(fields: Body): Body {
  return podSpec({ volume: [{ name: "it", ...fields }] }).volumes[0];
}

const EVERY_KIND = synth(everyKind);
const every = (): KubernetesObjects => kubernetesObjects(EVERY_KIND);

describe("objects of a synthesized stack", () => {
  it("are those that the provider creates, one of each kind, with every field", () => {
    expect(every().objects).toMatchSnapshot();
  });

  it("come in an order in which they can be applied, whatever order they are declared in", () => {
    const json = EVERY_KIND;
    const reversed = Object.fromEntries(
      Object.entries(json.resource as Body)
        .reverse()
        .map(([type, named]) => [type, Object.fromEntries(Object.entries(named).reverse())]),
    );
    expect(JSON.stringify(kubernetesObjects({ resource: reversed }))).toBe(JSON.stringify(every()));
    expect([...new Set(every().objects.map(({ kind }) => kind))]).toEqual([
      "Namespace",
      "PriorityClass",
      "StorageClass",
      "ResourceQuota",
      "LimitRange",
      "NetworkPolicy",
      "ServiceAccount",
      "ClusterRole",
      "ClusterRoleBinding",
      "Role",
      "RoleBinding",
      "ConfigMap",
      "Secret",
      "PersistentVolumeClaim",
      "Service",
      "Deployment",
      "StatefulSet",
      "DaemonSet",
      "Job",
      "CronJob",
      "PodDisruptionBudget",
      "HorizontalPodAutoscaler",
      "ClusterIssuer",
      "HTTPRoute",
    ]);
  });

  it("leave out what says how Terraform goes about a resource", () => {
    const about = {
      "//": {},
      depends_on: ["x.y"],
      lifecycle: { prevent_destroy: true },
      timeouts: { create: "5m" },
      provider: "kubernetes",
    };
    expect(objectOf("deployment_v1", { ...about, id: "x", wait_for_rollout: false, spec: {} })).toEqual({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "orders", namespace: "default" },
      spec: { progressDeadlineSeconds: 600, revisionHistoryLimit: 10 },
    });
  });

  it("leave resources of other providers alone", () => {
    expect(kubernetesObjects({ resource: { aws_s3_bucket: { it: { bucket: "orders" } } } })).toMatchObject({ objects: [], releases: [] });
    expect(kubernetesObjects({})).toMatchObject({ objects: [], releases: [] });
  });

  it("take four hundred services in well under a second of work", () => {
    const json = EVERY_KIND.resource as Body;
    const names = Array.from({ length: 400 }, (_, index) => `service-${index}`);
    const types = ["deployment_v1", "service_v1", "network_policy_v1", "pod_disruption_budget_v1"].map((type) => `kubernetes_${type}`);
    const resource = Object.fromEntries(
      types.map((type) => [
        type,
        Object.fromEntries(names.map((name) => [name, { ...Object.values(json[type] as Body)[0], metadata: { name } }])),
      ]),
    );
    const before = process.cpuUsage();
    expect(kubernetesObjects({ resource }).objects).toHaveLength(1600);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
  });
});

describe("what the provider sends unasked", () => {
  it("puts an object without a namespace into default, and a template into none", () => {
    const { metadata, spec } = objectOf("deployment_v1", { spec: { template: { metadata: { labels: { a: "b" } } } } });
    expect([metadata.namespace, spec.template.metadata]).toEqual(["default", { labels: { a: "b" } }]);
    expect(objectOf("namespace_v1", {}).metadata).toEqual({ name: "orders" });
  });

  it("mounts the account's token, links services, and sets the rest of a pod's defaults", () => {
    expect(podSpec({})).toEqual({
      automountServiceAccountToken: true,
      enableServiceLinks: true,
      shareProcessNamespace: false,
      restartPolicy: "Always",
      dnsPolicy: "ClusterFirst",
      terminationGracePeriodSeconds: 30,
    });
  });

  it("lets a container be root where its security context says something else", () => {
    expect(container({ security_context: {} }).securityContext).toEqual({
      allowPrivilegeEscalation: true,
      privileged: false,
      readOnlyRootFilesystem: false,
      runAsNonRoot: false,
    });
    expect(container({})).not.toHaveProperty("securityContext");
  });

  it("lets a pod be root where its security context says something else", () => {
    expect(podSpec({ security_context: { fs_group: "0" } }).securityContext).toEqual({ runAsNonRoot: false, fsGroup: 0 });
    expect(podSpec({ security_context: {} }).securityContext).toEqual({});
  });

  it("confines nothing with a seccomp profile without a type", () => {
    expect(podSpec({ security_context: { run_as_non_root: true, seccomp_profile: {} } }).securityContext).toEqual({
      runAsNonRoot: true,
      seccompProfile: { type: "Unconfined" },
    });
  });

  it("names a profile's file only where the profile is one", () => {
    const profile = (fields: Body) => container({ security_context: { seccomp_profile: fields } }).securityContext.seccompProfile;
    expect(profile({ type: "RuntimeDefault", localhost_profile: "x" })).toEqual({ type: "RuntimeDefault" });
    expect(profile({ type: "Localhost" })).toEqual({ type: "Localhost", localhostProfile: "" });
  });

  it("sets where a container's last words go", () => {
    expect(container({})).toEqual({ name: "api", terminationMessagePath: "/dev/termination-log" });
  });

  it("fills probes", () => {
    const times = { periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };
    expect(container({ readiness_probe: { grpc: [{ port: 9090 }] } }).readinessProbe).toEqual({
      grpc: { port: 9090, service: "" },
      ...times,
    });
    expect(container({ liveness_probe: { http_get: { path: "/", port: "8080" }, initial_delay_seconds: 0 } }).livenessProbe).toEqual({
      httpGet: { path: "/", port: 8080, scheme: "HTTP" },
      ...times,
    });
  });

  it("says that a reference is not optional", () => {
    const reference = { name: "orders", key: "a" };
    expect(container({ env: [{ name: "A", value_from: { secret_key_ref: reference } }] }).env).toEqual([
      { name: "A", valueFrom: { secretKeyRef: { ...reference, optional: false } } },
    ]);
    expect(container({ env_from: [{ config_map_ref: { name: "orders" } }] }).envFrom).toEqual([
      { configMapRef: { name: "orders", optional: false } },
    ]);
    expect(volume({ projected: { sources: [{ secret: [{ name: "orders" }] }] } }).projected.sources).toEqual([
      { secret: { name: "orders", optional: false } },
    ]);
  });

  it("sets versions, divisors and propagation", () => {
    expect(container({ env: [{ name: "A", value_from: { field_ref: { field_path: "metadata.name" } } }] }).env[0].valueFrom).toEqual({
      fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" },
    });
    expect(container({ env: [{ name: "A", value_from: { resource_field_ref: { resource: "limits.cpu" } } }] }).env[0].valueFrom).toEqual({
      resourceFieldRef: { resource: "limits.cpu", divisor: "1" },
    });
    expect(container({ volume_mount: [{ name: "a", mount_path: "/a" }] }).volumeMounts).toEqual([
      { name: "a", mountPath: "/a", mountPropagation: "None" },
    ]);
    expect(container({ port: [{ container_port: 80 }] }).ports).toEqual([{ containerPort: 80, protocol: "TCP" }]);
  });

  it("sets the modes of mounted files", () => {
    expect(volume({ config_map: { name: "orders" } }).configMap).toEqual({ name: "orders", defaultMode: 0o644, optional: false });
    expect(volume({ secret: { secret_name: "orders" } }).secret).toEqual({ secretName: "orders", defaultMode: 0o644, optional: false });
    expect(volume({ downward_api: {} }).downwardAPI).toEqual({ defaultMode: 0o644 });
    expect(volume({ projected: { sources: [{ service_account_token: { path: "t" } }] } }).projected).toEqual({
      sources: [{ serviceAccountToken: { path: "t", expirationSeconds: 3600 } }],
      defaultMode: 0o644,
    });
  });

  it("sets what a volume's driver is not told", () => {
    expect(volume({ csi: { driver: "d" } }).csi).toEqual({ driver: "d", readOnly: false, fsType: "" });
    expect(volume({ host_path: { path: "/" } }).hostPath).toEqual({ path: "/", type: "" });
    expect(volume({ empty_dir: {} })).toEqual({ name: "it", emptyDir: {} });
  });

  it("tolerates equal values, and spreads strictly by one", () => {
    expect(podSpec({ toleration: [{ key: "a" }] }).tolerations).toEqual([{ key: "a", operator: "Equal" }]);
    expect(podSpec({ topology_spread_constraint: [{ topology_key: "zone" }] }).topologySpreadConstraints).toEqual([
      { maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule" },
    ]);
  });

  it("keeps no revision of a StatefulSet", () => {
    expect(objectOf("stateful_set_v1", { spec: { service_name: "orders" } }).spec).toEqual({
      serviceName: "orders",
      revisionHistoryLimit: 0,
      persistentVolumeClaimRetentionPolicy: {},
    });
  });

  it("forgets how long pods of a StatefulSet without claims have to be ready", () => {
    const claims = { volume_claim_template: [{ metadata: { name: "data" }, spec: {} }] };
    expect(objectOf("stateful_set_v1", { spec: { min_ready_seconds: 5 } }).spec).not.toHaveProperty("minReadySeconds");
    const { minReadySeconds, volumeClaimTemplates } = objectOf("stateful_set_v1", { spec: { min_ready_seconds: 5, ...claims } }).spec;
    expect([minReadySeconds, volumeClaimTemplates]).toEqual([5, [{ metadata: { name: "data", namespace: "default" }, spec: {} }]]);
  });

  it("rolls by its own numbers", () => {
    const rolling = { type: "RollingUpdate", rolling_update: {} };
    expect(objectOf("deployment_v1", { spec: { strategy: rolling } }).spec.strategy).toEqual({
      type: "RollingUpdate",
      rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" },
    });
    expect(objectOf("daemon_set_v1", { spec: { strategy: rolling } }).spec.updateStrategy).toEqual({
      type: "RollingUpdate",
      rollingUpdate: { maxSurge: 0, maxUnavailable: 1 },
    });
    expect(objectOf("stateful_set_v1", { spec: { update_strategy: [{ rolling_update: [{}] }] } }).spec.updateStrategy).toEqual({
      type: "RollingUpdate",
      rollingUpdate: { partition: 0 },
    });
  });

  it("runs a job once, tries it again six times, and never restarts its containers", () => {
    const job = { parallelism: 1, completions: 1, backoffLimit: 6, manualSelector: false };
    const template = { template: { metadata: {}, spec: {} } };
    const { template: pods, ...spec } = objectOf("job_v1", { spec: template }).spec;
    expect([spec, pods.spec.restartPolicy]).toEqual([job, "Never"]);
    const { jobTemplate, ...schedule } = objectOf("cron_job_v1", {
      spec: { schedule: "@daily", job_template: { metadata: {}, spec: template } },
    }).spec;
    expect(schedule).toEqual({
      schedule: "@daily",
      concurrencyPolicy: "Allow",
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    });
    expect(jobTemplate.spec).toEqual({ ...job, template: pods });
  });

  it("lets no index of an indexed job fail, even once", () => {
    expect(objectOf("job_v1", { spec: { completion_mode: "Indexed", completions: 4 } }).spec).toMatchObject({
      backoffLimitPerIndex: 0,
      maxFailedIndexes: 0,
    });
    expect(objectOf("job_v1", { spec: { max_failed_indexes: 2 } }).spec).not.toHaveProperty("maxFailedIndexes");
  });

  it("mounts the token of every service account", () => {
    expect(objectOf("service_account_v1", {}).automountServiceAccountToken).toBe(true);
    expect(objectOf("default_service_account_v1", { metadata: { namespace: "orders" } })).toEqual({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: "orders" },
      automountServiceAccountToken: true,
    });
  });

  it("takes a subject without a namespace for one of default, not of the binding's", () => {
    const subject = [{ kind: "ServiceAccount", name: "orders" }];
    const bound = [{ ...subject[0], namespace: "default" }];
    expect(objectOf("role_binding_v1", { metadata: { name: "a", namespace: "orders" }, subject }).subjects).toEqual(bound);
    expect(objectOf("cluster_role_binding_v1", { subject }).subjects).toEqual(bound);
  });

  it("gives an autoscaler one replica, no pause, and an empty policy that the API refuses", () => {
    expect(objectOf("horizontal_pod_autoscaler_v2", { spec: { max_replicas: 3 } }).spec).toEqual({
      minReplicas: 1,
      maxReplicas: 3,
      behavior: {},
    });
    const policy = [{ type: "Pods", value: 1, period_seconds: 60 }];
    expect(objectOf("horizontal_pod_autoscaler_v2", { spec: { behavior: { scale_up: [{ policy }] } } }).spec.behavior).toEqual({
      scaleUp: { selectPolicy: "", stabilizationWindowSeconds: 0, policies: [{ type: "Pods", value: 1, periodSeconds: 60 }] },
      scaleDown: {},
    });
  });

  it("sends of a metric's target what belongs to its type", () => {
    const target = { type: "AverageValue", average_value: "10", average_utilization: 70, value: "5" };
    const { metrics } = objectOf("horizontal_pod_autoscaler_v2", {
      spec: { metric: [{ type: "Resource", resource: { name: "cpu", target } }] },
    }).spec;
    expect(metrics[0].resource.target).toEqual({ type: "AverageValue", averageValue: "10" });
  });

  it("deletes volumes, lets them grow, and binds them at once", () => {
    expect(objectOf("storage_class_v1", { storage_provisioner: "p" })).toMatchObject({
      reclaimPolicy: "Delete",
      allowVolumeExpansion: true,
      volumeBindingMode: "Immediate",
    });
  });

  it("lets a class of priority push others out", () => {
    expect(objectOf("priority_class_v1", { value: 0 })).toMatchObject({ value: 0, preemptionPolicy: "PreemptLowerPriority" });
  });

  it("says that a config map can be changed, and of a Secret nothing", () => {
    expect(objectOf("config_map_v1", {}).immutable).toBe(false);
    expect(objectOf("secret_v1", {})).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "orders", namespace: "default" },
      type: "Opaque",
    });
  });

  it("makes a Service one inside the cluster, and tells only a load balancer of its ports", () => {
    expect(objectOf("service_v1", { spec: { load_balancer_class: "a", port: [{ port: 80 }] } }).spec).toEqual({
      type: "ClusterIP",
      ports: [{ port: 80, protocol: "TCP" }],
      sessionAffinity: "None",
    });
    expect(objectOf("service_v1", { spec: { type: "LoadBalancer" } }).spec.allocateLoadBalancerNodePorts).toBe(true);
    expect(objectOf("service_v1", { spec: { session_affinity_config: { client_ip: {} } } }).spec.sessionAffinityConfig).toEqual({
      clientIP: {},
    });
  });

  it("selects all pods where a policy selects none, and means TCP", () => {
    expect(objectOf("network_policy_v1", { spec: { policy_types: ["Egress"], egress: [{ ports: [{ port: "53" }] }] } }).spec).toEqual({
      podSelector: {},
      policyTypes: ["Egress"],
      egress: [{ ports: [{ protocol: "TCP", port: 53 }] }],
    });
  });

  it("gives a cluster role without rules an empty list of them", () => {
    expect(objectOf("cluster_role_v1", {}).rules).toEqual([]);
  });
});

describe("values", () => {
  it("are left out where they are empty", () => {
    const fields = { args: [], command: [], env: [], image: "", resources: { limits: {}, requests: {} }, stdin: false };
    expect(container({ ...fields, working_dir: null })).toEqual({
      name: "api",
      resources: {},
      terminationMessagePath: "/dev/termination-log",
    });
  });

  it("become numbers where the API wants them, and stay text where it does not", () => {
    const { replicas, template } = objectOf("deployment_v1", {
      spec: { replicas: "0", template: { spec: { security_context: { run_as_user: "0" }, toleration: [{ toleration_seconds: "30" }] } } },
    }).spec;
    expect([replicas, template.spec.securityContext.runAsUser, template.spec.tolerations[0].tolerationSeconds]).toEqual([0, 0, 30]);
    const budget = (min: string) => objectOf("pod_disruption_budget_v1", { spec: { min_available: min } }).spec.minAvailable;
    expect([budget("2"), budget("50%")]).toEqual([2, "50%"]);
    expect(container({ resources: { requests: { cpu: 1 } } }).resources).toEqual({ requests: { cpu: "1" } });
  });

  it("keep the keys of maps", () => {
    expect(objectOf("config_map_v1", { data: { snake_case: "", "a.b/c": "1" } }).data).toEqual({ snake_case: "", "a.b/c": "1" });
    expect(objectOf("config_map_v1", { metadata: { name: "a", labels: { match_labels: "x" } } }).metadata.labels).toEqual({
      match_labels: "x",
    });
  });

  it("of several sources in one block are sources of their own", () => {
    const sources = [{ secret: [{ name: "a" }, { name: "b" }], config_map: [{ name: "c" }] }];
    expect(volume({ projected: { sources } }).projected.sources).toEqual([
      { secret: { name: "a", optional: false } },
      { secret: { name: "b", optional: false } },
      { configMap: { name: "c", optional: false } },
    ]);
  });
});

describe("references", () => {
  const namespace = { kubernetes_namespace_v1: { home: { metadata: { name: "orders" } } } };

  it("are followed where the stack holds what they mean", () => {
    const metadata = { name: "it", namespace: "${kubernetes_namespace_v1.home.metadata[0].name}" };
    expect(
      objectOf("config_map_v1", { metadata, data: { url: "http://api.${kubernetes_namespace_v1.home.id}.svc:80" } }, namespace),
    ).toMatchObject({
      metadata: { name: "it", namespace: "orders" },
      data: { url: "http://api.orders.svc:80" },
    });
  });

  it("are followed from one to the next, through lists and keys, and keep types", () => {
    const others = {
      ...namespace,
      kubernetes_config_map_v1: {
        one: { metadata: { name: "one", namespace: "${kubernetes_namespace_v1.home.metadata.0.name}" }, data: { "a.b": "x" } },
        two: {
          metadata: { name: "two" },
          data: { a: '${kubernetes_config_map_v1.one.data["a.b"]}', b: "${kubernetes_config_map_v1.one.id}" },
        },
      },
      kubernetes_service_v1: { api: { metadata: { name: "api" }, spec: { port: [{ port: 8080 }], selector: { app: "api" } } } },
    };
    const { objects } = kubernetesObjects({
      resource: {
        ...others,
        kubernetes_service_v1: {
          ...others.kubernetes_service_v1,
          it: {
            metadata: { name: "it" },
            spec: {
              port: [{ port: "${kubernetes_service_v1.api.spec[0].port[0].port}" }],
              selector: "${kubernetes_service_v1.api.spec[0].selector}",
            },
          },
        },
      },
    });
    const named = (name: string) => objects.find(({ metadata }) => metadata.name === name) as Body;
    expect(named("two").data).toEqual({ a: "x", b: "orders/one" });
    expect(named("it").spec).toMatchObject({ ports: [{ port: 8080 }], selector: { app: "api" } });
  });

  it("that lead out of the stack stand as known after apply, or as what the caller knows", () => {
    const resource = {
      kubernetes_config_map_v1: {
        it: {
          metadata: { name: "it" },
          data: {
            host: "tcp://${data.terraform_remote_state.data.outputs.host}:5432",
            sum: '${sha256("}")}',
            all: "${kubernetes_namespace_v1.gone.id}",
          },
        },
      },
    };
    const dataOf = (options = {}) => (kubernetesObjects({ resource }, options).objects[0] as Body).data;
    expect(dataOf()).toEqual({ host: "tcp://known-after-apply:5432", sum: "known-after-apply", all: "known-after-apply" });
    const known = (expression: string) => (expression.endsWith(".host") ? "db.example.com" : undefined);
    expect(dataOf({ known })).toMatchObject({ host: "tcp://db.example.com:5432", sum: "known-after-apply" });
  });

  it("that are escaped are none, and circles end", () => {
    const data = {
      script: 'echo "$${HOME}" %%{x}',
      circle: "${kubernetes_config_map_v1.it.data.circle}",
      directive: "%{ if true }a%{ endif }",
    };
    expect(objectOf("config_map_v1", { data }).data).toEqual({
      script: 'echo "${HOME}" %{x}',
      circle: "known-after-apply",
      directive: "known-after-applyaknown-after-apply",
    });
  });
});

describe("a Secret", () => {
  it("shows its keys and no value, wherever the values stand", () => {
    expect(JSON.stringify(every())).not.toContain(CANARY);
    expect(JSON.stringify(every())).not.toContain(Buffer.from(CANARY).toString("base64"));
    const secret = every().objects.find(({ kind }) => kind === "Secret");
    expect(secret).toMatchObject({ stringData: { password: "hidden", user_name: "hidden" }, data: { keystore: "aGlkZGVu" } });
    expect(objectOf("secret_v1", { data: { a: CANARY }, binary_data: { b: CANARY } })).toMatchObject({
      stringData: { a: "hidden" },
      data: { b: "aGlkZGVu" },
    });
  });

  it("is empty where its values are write-only and have no revision", () => {
    expect(objectOf("secret_v1", { data_wo: { a: CANARY } })).not.toHaveProperty("stringData");
  });

  it("gives no value away to what refers to it", () => {
    const secret = { kubernetes_secret_v1: { it: { metadata: { name: "s" }, data: { a: CANARY }, binary_data: { b: CANARY } } } };
    const data = {
      a: '${kubernetes_secret_v1.it.data["a"]}',
      b: "${kubernetes_secret_v1.it.binary_data.b}",
      name: "${kubernetes_secret_v1.it.metadata[0].name}",
    };
    const { objects } = kubernetesObjects({ resource: { ...secret, kubernetes_config_map_v1: { it: { metadata: { name: "c" }, data } } } });
    expect((objects[0] as Body).data).toEqual({ a: "known-after-apply", b: "known-after-apply", name: "s" });
  });
});

describe("releases", () => {
  it("of charts are listed with what renders them", () => {
    expect(every().releases).toEqual([
      {
        name: "cert-manager",
        namespace: "orders",
        ...CHARTS["cert-manager"],
        values: { crds: { enabled: true } },
      },
    ]);
  });

  it("of custom resources are the objects that they list, in the release's namespace where Helm puts them there", () => {
    const listed = every().objects.filter(({ kind }) => ["HTTPRoute", "ClusterIssuer"].includes(kind));
    expect(listed.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name])).toEqual([
      ["ClusterIssuer", undefined, "orders"],
      ["HTTPRoute", "orders", "orders"],
      ["HTTPRoute", "other", "elsewhere"],
    ]);
  });

  it("are refused where their values are not all that is set", () => {
    const release = { name: "a", chart: "a", values: ["a: b"], set: [{ name: "x", value: "y" }] };
    expect(refusalsOf({ helm_release: { one: release, two: { name: "b", chart: "b", values: ["{}", "{}"] } } })).toEqual([
      "helm_release.one.set: is a field that is not known; add it to constructs/kubernetes/objects",
      'helm_release.one.values: "a: b" must be valid JSON; write the values with JSON.stringify',
      "helm_release.two.values: has 2 documents; write one",
    ]);
  });

  it("of custom resources are refused without a list", () => {
    expect(
      refusalsOf({ helm_release: { it: { name: "a", chart: "assets/custom-resources-chart/0A", values: ['{"objects":{}}'] } } }),
    ).toEqual(["helm_release.it.values.objects: {} must be a list; list the objects"]);
  });
});

describe("what is not known", () => {
  it("is an error that names type, path and field, all of them at once", () => {
    const template = { spec: { container: [{ name: "a", restart_policy: "Always", security_context: { proc_mount: "Default" } }] } };
    expect(
      refusalsOf({
        kubernetes_deployment_v1: { api: { metadata: { name: "api", generate_name: "a" }, spec: { template }, for_each: {} } },
        kubernetes_ingress_v1: { front: {} },
        kubernetes_config_map_v1: { it: { data: {} } },
      }),
    ).toEqual([
      "kubernetes_deployment_v1.api.for_each: is a field that is not known; add it to constructs/kubernetes/objects",
      "kubernetes_deployment_v1.api.metadata.generate_name: is a field that is not known; add it to constructs/kubernetes/objects",
      "kubernetes_deployment_v1.api.spec.template.spec.container[0].restart_policy: is a field that is not known; add it to constructs/kubernetes/objects",
      "kubernetes_deployment_v1.api.spec.template.spec.container[0].security_context.proc_mount: is a field that is not known; add it to constructs/kubernetes/objects",
      "kubernetes_ingress_v1.front: is of a type that is not known; add it to constructs/kubernetes/objects/kinds.ts",
      "kubernetes_config_map_v1.it: has no name; give it one: a name that the API generates is unknown before the apply",
    ]);
  });

  it("is a value of another type", () => {
    const spec = {
      replicas: "${data.x.y.z}",
      paused: "maybe",
      strategy: [{}, {}],
      template: "x",
      selector: { match_labels: "${var.labels}" },
    };
    expect(
      refusalsOf({
        kubernetes_deployment_v1: { api: { metadata: { name: { first: "a" } }, spec } },
        kubernetes_stateful_set_v1: {
          db: { metadata: { name: "db" }, spec: { template: { spec: { volume: [{ secret: { default_mode: "640" } }] } } } },
        },
      }),
    ).toEqual([
      'kubernetes_deployment_v1.api.metadata.name: {"first":"a"} must be a string; write one',
      'kubernetes_deployment_v1.api.spec.replicas: "known-after-apply" must be a whole number; write one that is known at synthesis',
      'kubernetes_deployment_v1.api.spec.selector.match_labels: "known-after-apply" must be a map; write one whose keys are known at synthesis',
      "kubernetes_deployment_v1.api.spec.strategy: has 2 blocks; write one",
      'kubernetes_deployment_v1.api.spec.paused: "maybe" is neither true nor false; write one known at synthesis',
      'kubernetes_deployment_v1.api.spec.template: "x" must be a block; write its fields',
      "kubernetes_deployment_v1.api: has no name; give it one: a name that the API generates is unknown before the apply",
      'kubernetes_stateful_set_v1.db.spec.template.spec.volume[0].secret.default_mode: "640" must be a file mode; write octal digits, like "0440"',
    ]);
  });
});
