import { SELECTOR, TEMPLATE_METADATA } from "./metadata";
import {
  type Block,
  block,
  count,
  flag,
  list,
  many,
  map,
  numberOrText,
  one,
  type Reader,
  text,
  textOrEmpty,
  texts,
  truth,
  whole,
  without,
} from "./schema";
import { FIELD_REF, RESOURCE_FIELD_REF, VOLUME } from "./volumes";

const OPTIONAL = { read: truth, beside: false };
const NAMED = block({ name: text });

/** If the type is omitted, the provider sends the one without confinement. */
const SECCOMP = block({ type: { read: text, unasked: "Unconfined" }, localhost_profile: textOrEmpty }, (made) =>
  made.type === "Localhost" ? { localhostProfile: "", ...made } : without(made, "localhostProfile"),
);

const SE_LINUX = block({ level: text, role: text, type: text, user: text });

const HTTP_GET = block({
  host: text,
  path: text,
  port: numberOrText,
  scheme: { read: text, unasked: "HTTP" },
  http_header: { read: many(block({ name: textOrEmpty, value: textOrEmpty })), as: "httpHeaders" },
});

const HANDLERS = {
  exec: one(block({ command: texts })),
  http_get: one(HTTP_GET),
  tcp_socket: one(block({ port: numberOrText })),
};

const PROBE = block({
  ...HANDLERS,
  grpc: one(block({ port: whole, service: { read: textOrEmpty, beside: "" } })),
  initial_delay_seconds: count,
  period_seconds: { read: count, unasked: 10 },
  timeout_seconds: { read: count, unasked: 1 },
  success_threshold: { read: count, unasked: 1 },
  failure_threshold: { read: count, unasked: 3 },
});

const KEY_REF = block({ name: text, key: textOrEmpty, optional: OPTIONAL });

const ENV = block({
  name: textOrEmpty,
  value: text,
  value_from: one(
    block({
      config_map_key_ref: one(KEY_REF),
      secret_key_ref: one(KEY_REF),
      field_ref: one(FIELD_REF),
      resource_field_ref: one(RESOURCE_FIELD_REF),
    }),
  ),
});

/** The provider always sends four fields; if the block is empty, they allow root. */
const CONTAINER_SECURITY = block({
  allow_privilege_escalation: { read: truth, unasked: true },
  capabilities: one(block({ add: texts, drop: texts })),
  privileged: { read: truth, unasked: false },
  read_only_root_filesystem: { read: truth, unasked: false },
  run_as_non_root: { read: truth, unasked: false },
  run_as_user: whole,
  run_as_group: whole,
  seccomp_profile: one(SECCOMP),
  se_linux_options: one(SE_LINUX),
});

const CONTAINER = block({
  name: textOrEmpty,
  image: text,
  image_pull_policy: text,
  command: texts,
  args: texts,
  working_dir: text,
  port: {
    as: "ports",
    read: many(
      block({
        name: text,
        container_port: whole,
        host_ip: { read: text, as: "hostIP" },
        host_port: count,
        protocol: { read: text, unasked: "TCP" },
      }),
    ),
  },
  env: many(ENV),
  env_from: many(
    block({
      prefix: text,
      config_map_ref: one(block({ name: text, optional: OPTIONAL })),
      secret_ref: one(block({ name: text, optional: OPTIONAL })),
    }),
  ),
  resources: one(block({ limits: map, requests: map })),
  volume_mount: {
    as: "volumeMounts",
    read: many(
      block({
        name: textOrEmpty,
        mount_path: textOrEmpty,
        sub_path: text,
        sub_path_expr: text,
        read_only: flag,
        mount_propagation: { read: text, unasked: "None" },
      }),
    ),
  },
  volume_device: { as: "volumeDevices", read: many(block({ name: textOrEmpty, device_path: textOrEmpty })) },
  startup_probe: one(PROBE),
  readiness_probe: one(PROBE),
  liveness_probe: one(PROBE),
  lifecycle: one(block({ post_start: one(block(HANDLERS)), pre_stop: one(block(HANDLERS)) })),
  security_context: one(CONTAINER_SECURITY),
  stdin: flag,
  stdin_once: flag,
  tty: flag,
  termination_message_path: { read: text, unasked: "/dev/termination-log" },
  termination_message_policy: text,
});

const NODE_EXPRESSIONS = many(block({ key: textOrEmpty, operator: textOrEmpty, values: list(textOrEmpty) }));
const NODE_TERM = block({ match_expressions: NODE_EXPRESSIONS, match_fields: NODE_EXPRESSIONS });
const POD_TERM = block({
  label_selector: one(SELECTOR),
  namespace_selector: one(SELECTOR),
  namespaces: texts,
  topology_key: textOrEmpty,
});

function affinity(required: Reader, preferred: Block): Reader {
  return one(
    block({
      required_during_scheduling_ignored_during_execution: required,
      preferred_during_scheduling_ignored_during_execution: many(preferred),
    }),
  );
}

const POD_AFFINITY = affinity(many(POD_TERM), block({ weight: whole, pod_affinity_term: one(POD_TERM) }));

const SPREAD = block({
  max_skew: { read: whole, unasked: 1 },
  topology_key: textOrEmpty,
  when_unsatisfiable: { read: text, unasked: "DoNotSchedule" },
  label_selector: one(SELECTOR),
  match_label_keys: texts,
  min_domains: count,
  node_affinity_policy: text,
  node_taints_policy: text,
});

const POD_SECURITY = block({
  run_as_non_root: { read: truth, beside: false },
  run_as_user: whole,
  run_as_group: whole,
  fs_group: whole,
  fs_group_change_policy: text,
  supplemental_groups: list(whole),
  seccomp_profile: one(SECCOMP),
  se_linux_options: one(SE_LINUX),
  sysctl: { read: many(block({ name: textOrEmpty, value: textOrEmpty })), as: "sysctls" },
});

function podSpec(restartPolicy: "Always" | "Never"): Block {
  return block({
    service_account_name: text,
    // The provider's default overrides the service account's setting.
    automount_service_account_token: { read: truth, unasked: true },
    enable_service_links: { read: truth, unasked: true },
    priority_class_name: text,
    runtime_class_name: text,
    scheduler_name: text,
    node_name: text,
    node_selector: map,
    affinity: one(
      block({
        node_affinity: affinity(
          one(block({ node_selector_term: { read: many(NODE_TERM), as: "nodeSelectorTerms" } })),
          block({ weight: whole, preference: one(NODE_TERM) }),
        ),
        pod_affinity: POD_AFFINITY,
        pod_anti_affinity: POD_AFFINITY,
      }),
    ),
    toleration: {
      as: "tolerations",
      read: many(block({ key: text, operator: { read: text, unasked: "Equal" }, value: text, effect: text, toleration_seconds: whole })),
    },
    topology_spread_constraint: { read: many(SPREAD), as: "topologySpreadConstraints" },
    security_context: one(POD_SECURITY),
    image_pull_secrets: many(NAMED),
    init_container: { read: many(CONTAINER), as: "initContainers" },
    container: { read: many(CONTAINER), as: "containers" },
    volume: { read: many(VOLUME), as: "volumes" },
    readiness_gate: { read: many(block({ condition_type: textOrEmpty })), as: "readinessGates" },
    restart_policy: { read: text, unasked: restartPolicy },
    active_deadline_seconds: count,
    termination_grace_period_seconds: { read: whole, unasked: 30 },
    dns_policy: { read: text, unasked: "ClusterFirst" },
    dns_config: one(
      block({
        nameservers: texts,
        searches: texts,
        option: { read: many(block({ name: text, value: { read: textOrEmpty, beside: "" } })), as: "options" },
      }),
    ),
    host_aliases: many(block({ ip: textOrEmpty, hostnames: texts })),
    hostname: text,
    subdomain: text,
    host_ipc: { read: flag, as: "hostIPC" },
    host_network: flag,
    host_pid: { read: flag, as: "hostPID" },
    share_process_namespace: { read: truth, unasked: false },
    os: one(block({ name: text })),
  });
}

/** Template of long-running pods. */
export const POD_TEMPLATE = block({ metadata: one(TEMPLATE_METADATA), spec: one(podSpec("Always")) });

/** Template of pods that run to completion. */
export const JOB_POD_TEMPLATE = block({ metadata: one(TEMPLATE_METADATA), spec: one(podSpec("Never")) });
