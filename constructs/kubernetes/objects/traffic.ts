import { METADATA, SELECTOR } from "./metadata";
import { block, count, type Fields, flag, many, map, numberOrText, one, terraform, text, texts, truth, whole, without } from "./schema";

const PORTS = many(block({ protocol: { read: text, unasked: "TCP" }, port: numberOrText, end_port: count }));

const PEERS = many(
  block({
    pod_selector: one(SELECTOR),
    namespace_selector: one(SELECTOR),
    ip_block: one(block({ cidr: text, except: texts })),
  }),
);

export const NETWORK_POLICY: Fields = {
  metadata: one(METADATA),
  spec: one(
    block({
      pod_selector: { read: one(SELECTOR), unasked: {} },
      policy_types: texts,
      ingress: many(block({ from: PEERS, ports: PORTS })),
      egress: many(block({ to: PEERS, ports: PORTS })),
    }),
  ),
};

const PORT = block({
  name: text,
  port: whole,
  target_port: numberOrText,
  protocol: { read: text, unasked: "TCP" },
  app_protocol: text,
  node_port: count,
});

export const SERVICE: Fields = {
  metadata: one(METADATA),
  wait_for_load_balancer: terraform,
  spec: one(
    block(
      {
        type: { read: text, unasked: "ClusterIP" },
        cluster_ip: { read: text, as: "clusterIP" },
        cluster_ips: { read: texts, as: "clusterIPs" },
        ip_families: texts,
        ip_family_policy: text,
        selector: map,
        port: { read: many(PORT), as: "ports" },
        publish_not_ready_addresses: flag,
        internal_traffic_policy: text,
        session_affinity: { read: text, unasked: "None" },
        session_affinity_config: one(block({ client_ip: { as: "clientIP", beside: {}, read: one(block({ timeout_seconds: whole })) } })),
        external_ips: { read: texts, as: "externalIPs" },
        external_name: text,
        external_traffic_policy: text,
        health_check_node_port: count,
        load_balancer_class: text,
        load_balancer_ip: { read: text, as: "loadBalancerIP" },
        load_balancer_source_ranges: texts,
        allocate_load_balancer_node_ports: { read: truth, unasked: true },
      },
      (made) => (made.type === "LoadBalancer" ? made : without(made, "loadBalancerClass", "allocateLoadBalancerNodePorts")),
    ),
  ),
};
