import { READ_BACK } from "../../constructs/policy/read-back";

type Body = Record<string, unknown>;
type Case = readonly [type: string, body: Body, others?: readonly { readonly type: string; readonly body: Body }[]];

const pod = (spec: Body): Body => ({ spec: { template: { spec: { container: [{ name: "app" }], ...spec } } } });
const projected = (...sources: readonly Body[]) => pod({ volume: [{ name: "all", projected: [{ sources }] }] });
const probe = (settings: Body) => pod({ container: [{ name: "app", liveness_probe: settings }] });
const limit = (settings: Body): Body => ({ spec: { limit: [settings] } });
const target = (settings: Body): Body => ({ spec: { metric: [{ pods: { target: { type: "AverageValue", ...settings } } }] } });
const document = (statement: Body) => JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });
const deployment: Body = { metadata: { name: "app" }, spec: { replicas: "2", template: { spec: {} } } };
const autoscaler = (name: string) => [{ type: "kubernetes_horizontal_pod_autoscaler_v2", body: { spec: { scale_target_ref: { name } } } }];

/** For each rule what breaks it, and what is as near to that and does not. */
const CASES: Readonly<Record<string, { readonly broken: readonly Case[]; readonly sound: readonly Case[] }>> = {
  "projections-one-by-one": {
    broken: [
      ["kubernetes_job_v1", projected({ secret: [{ name: "a" }, { name: "b" }] })],
      ["kubernetes_job_v1", projected({ secret: [{ name: "a" }], config_map: [{ name: "b" }] })],
      ["kubernetes_stateful_set_v1", projected({ secret: [{ name: "a" }] }, {})],
    ],
    sound: [
      ["kubernetes_job_v1", projected({ secret: [{ name: "a" }] }, { secret: { name: "b" } }, { service_account_token: [{ path: "t" }] })],
    ],
  },
  "projected-config-maps": {
    broken: [["kubernetes_job_v1", projected({ config_map: [{ name: "a", optional: true }] })]],
    sound: [["kubernetes_job_v1", projected({ config_map: [{ name: "a" }] }, { secret: [{ name: "a", optional: true }] })]],
  },
  "canonical-quantities": {
    broken: [
      ["kubernetes_limit_range_v1", limit({ default: { cpu: "1000m" } })],
      ["kubernetes_limit_range_v1", limit({ min: { memory: "1024Mi" } })],
      ["kubernetes_limit_range_v1", limit({ default_request: { cpu: "0.5" } })],
      ["kubernetes_limit_range_v1", limit({ max: { storage: "1.5Gi" }, type: "PersistentVolumeClaim" })],
      ["kubernetes_horizontal_pod_autoscaler_v2", target({ average_value: "1000" })],
      ["kubernetes_horizontal_pod_autoscaler_v2", target({ value: "1e3" })],
    ],
    sound: [
      ["kubernetes_limit_range_v1", limit({ default: { cpu: "1", memory: "1536Mi" }, default_request: { cpu: "20m", memory: "64Mi" } })],
      ["kubernetes_horizontal_pod_autoscaler_v2", target({ average_value: "1k" })],
      // The provider compares these as quantities.
      ["kubernetes_deployment_v1", pod({ container: [{ resources: { limits: { memory: "1024Mi" } } }] })],
    ],
  },
  "no-empty-blocks": {
    broken: [
      ["kubernetes_deployment_v1", pod({ affinity: {} })],
      ["kubernetes_deployment_v1", pod({ affinity: { node_affinity: [{}] } })],
      ["kubernetes_deployment_v1", pod({ security_context: {} })],
      ["kubernetes_deployment_v1", pod({ volume: [{ name: "tmp" }] })],
    ],
    sound: [
      ["kubernetes_network_policy_v1", { spec: { pod_selector: {}, ingress: [{}] } }],
      ["kubernetes_deployment_v1", pod({ volume: [{ name: "tmp", empty_dir: {} }], security_context: { run_as_non_root: true } })],
    ],
  },
  "probes-in-full": {
    broken: [
      ["kubernetes_deployment_v1", probe({ http_get: { port: "80" } })],
      ["kubernetes_deployment_v1", probe({ exec: { command: ["true"] }, timeout_seconds: 0 })],
    ],
    sound: [["kubernetes_deployment_v1", probe({ http_get: { path: "/", port: "80" }, initial_delay_seconds: 0, period_seconds: 5 })]],
  },
  "octal-modes": {
    broken: [
      ["kubernetes_job_v1", pod({ volume: [{ name: "a", secret: { default_mode: "440" } }] })],
      ["kubernetes_job_v1", pod({ volume: [{ name: "a", config_map: { items: [{ key: "k", mode: "00440" }] } }] })],
    ],
    sound: [["kubernetes_job_v1", pod({ volume: [{ name: "a", secret: { default_mode: "0440" } }] })]],
  },
  "jobs-stay": {
    broken: [["kubernetes_job_v1", { spec: { ttl_seconds_after_finished: "60" } }]],
    sound: [["kubernetes_cron_job_v1", { spec: { job_template: { spec: { ttl_seconds_after_finished: "60" } } } }]],
  },
  "labels-of-jobs": {
    broken: [["kubernetes_job_v1", { spec: { template: { metadata: { labels: { "job-name": "a" } } } } }]],
    sound: [["kubernetes_job_v1", { spec: { template: { metadata: { labels: { "app.kubernetes.io/name": "a" } } } } }]],
  },
  "counts-of-autoscalers": {
    broken: [["kubernetes_deployment_v1", deployment, autoscaler("app")]],
    sound: [
      ["kubernetes_deployment_v1", deployment, autoscaler("other")],
      ["kubernetes_deployment_v1", { ...deployment, spec: { template: { spec: {} } } }, autoscaler("app")],
    ],
  },
  "balancers-settings": {
    broken: [
      ["kubernetes_service_v1", { spec: { allocate_load_balancer_node_ports: false } }],
      ["kubernetes_service_v1", { spec: { type: "ClusterIP", load_balancer_class: "nlb" } }],
    ],
    sound: [
      ["kubernetes_service_v1", { spec: { type: "LoadBalancer", allocate_load_balancer_node_ports: false, load_balancer_class: "nlb" } }],
    ],
  },
  "defaults-of-limits": {
    broken: [["kubernetes_limit_range_v1", limit({ type: "Container", max: { cpu: "2" }, default: { memory: "1Gi" } })]],
    sound: [
      ["kubernetes_limit_range_v1", limit({ type: "Container", max: { cpu: "2" }, default: { cpu: "1" } })],
      ["kubernetes_limit_range_v1", limit({ type: "Pod", max: { cpu: "2" } })],
    ],
  },
  "exact-charts": {
    broken: [
      ["helm_release", { version: "1.2" }],
      ["helm_release", { version: "~1.2.0" }],
    ],
    sound: [
      ["helm_release", { version: "v1.20.3" }],
      ["helm_release", { version: "2.1.0-rc.1" }],
      ["helm_release", { chart: "./chart" }],
    ],
  },
  "networks-without-host-bits": {
    broken: [
      ["aws_subnet", { cidr_block: "10.0.1.0/16" }],
      ["aws_eks_cluster", { vpc_config: { public_access_cidrs: ["203.0.113.7/24"] } }],
      ["aws_security_group", { ingress: [{ cidr_blocks: ["10.0.0.1/31"] }] }],
    ],
    sound: [
      ["aws_subnet", { cidr_block: "10.0.16.0/20" }],
      ["aws_route", { destination_cidr_block: "0.0.0.0/0" }],
      ["aws_vpc_security_group_ingress_rule", { cidr_ipv4: "203.0.113.7/32" }],
    ],
  },
  "all-protocols-all-ports": {
    broken: [["aws_vpc_security_group_egress_rule", { ip_protocol: "-1", from_port: 0, to_port: 0 }]],
    sound: [
      ["aws_vpc_security_group_egress_rule", { ip_protocol: "-1" }],
      ["aws_vpc_security_group_egress_rule", { ip_protocol: "tcp", from_port: 0, to_port: 65535 }],
    ],
  },
  "lower-case-identifiers": {
    broken: [["aws_db_subnet_group", { name: "Orders" }]],
    sound: [["aws_db_subnet_group", { name: "orders-${aws_vpc.Main.id}" }]],
  },
  "policies-without-repetition": {
    broken: [
      ["aws_iam_role_policy", { policy: document({ Action: ["s3:GetObject", "s3:GetObject"], Resource: "*" }) }],
      ["aws_sqs_queue_policy", { policy: document({ Action: "sqs:*", Resource: [] }) }],
      ["aws_iam_role", { assume_role_policy: document({ Principal: { Service: ["a", "a"] } }) }],
    ],
    sound: [["aws_iam_role_policy", { policy: document({ Action: ["s3:GetObject", "s3:PutObject"], Resource: "*" }) }]],
  },
  "none-instead-of-empty": {
    broken: [
      ["aws_vpc_security_group_ingress_rule", { description: "" }],
      ["cloudflare_load_balancer_pool", { origins: [{ name: "" }] }],
    ],
    // The older kind of resource takes both for the same.
    sound: [
      ["aws_rds_cluster", { storage_type: "" }],
      ["aws_vpc_security_group_ingress_rule", { description: "from nodes" }],
    ],
  },
};

describe("what is read back as it was written", () => {
  it("has cases for every rule", () => {
    expect(Object.keys(CASES)).toEqual(READ_BACK.map(({ id }) => id));
  });

  it.each(READ_BACK.map((rule) => [rule.id, rule] as const))("%s", (id, { breaks }) => {
    const { broken = [], sound = [] } = CASES[id] ?? {};
    const found = ([type, body, others = []]: Case) => breaks({ type, body }, [{ type, body }, ...others]);
    expect(broken.length).toBeGreaterThan(0);
    expect(broken.filter((one) => !found(one))).toEqual([]);
    expect(sound.filter(found)).toEqual([]);
  });

  it("breaks one rule at a time", () => {
    const broken = Object.entries(CASES).flatMap(([id, cases]) => cases.broken.map((one) => [id, one] as const));
    const also = broken.flatMap(([id, [type, body, others = []]]) =>
      READ_BACK.filter((rule) => rule.id !== id && rule.breaks({ type, body }, [{ type, body }, ...others])).map(
        (rule) => `${id}: ${rule.id}`,
      ),
    );
    expect(also).toEqual([]);
  });
});
