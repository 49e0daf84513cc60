import { blind, DURATIONS, type Fault, failing, MINUTE, refusing, served, unavailable } from "./happenings";

export const REQUESTS: readonly Fault[] = [
  {
    name: "a service answers with errors",
    happens: (system) => failing(system, "command-api", 8),
    told: { RequestErrors: ["oncall", "5m"] },
    almost: (system) => failing(system, "command-api", 0.05),
  },
  {
    name: "a service of a domain answers with errors",
    happens: (system) => system.set("http_requests_total", { status_code: "500" }, (before, since) => before + 0.5 * since),
    told: { RequestErrors: ["market", "6m"] },
    almost: (system) => system.set("http_requests_total", { status_code: "500" }, (before, since) => before + 0.05 * since),
  },
  {
    name: "a service lets nobody in",
    happens: (system) => refusing(system, 400),
    told: { RequestsUnauthorized: ["oncall", "18m"] },
    almost: (system) => refusing(system, 30),
  },
  {
    name: "a service is slow",
    happens: (system) => {
      for (const le of ["0.1", "0.25", "1"]) system.set(`${DURATIONS}_bucket`, { ...served, le }, (before, since) => before - 10 * since);
    },
    told: { RequestsSlow: ["team", "6m"] },
    almost: (system) => {
      for (const le of ["0.1", "0.25"]) system.set(`${DURATIONS}_bucket`, { ...served, le }, (before, since) => before - 1.2 * since);
    },
  },
  {
    name: "an objective of a service is broken",
    happens: (system) => system.set(`${DURATIONS}_bucket`, { ...served, le: "0.25" }, (before, since) => before - 30 * since),
    told: { ErrorBudgetBurnsFast: ["oncall", "60m"] },
  },
  {
    name: "no nginx of the gateway runs",
    happens: (system) =>
      unavailable(system, "gateway", "gateway-nginx", [0, 1], 2)
        .end("nginx_http_requests_total")
        .end("nginx_http_connections_total")
        .set("probe_success", {}, 0),
    told: { GatewayDown: ["oncall", "3m"] },
    almost: (system) => system.dip("kube_deployment_status_replicas_available", { deployment: "gateway-nginx" }, 1, 10 * MINUTE),
  },
  {
    name: "one nginx of the gateway is away",
    happens: (system) => unavailable(system, "gateway", "gateway-nginx", [1], 2),
    told: { WorkloadReplicasUnavailable: ["team", "17m"] },
  },
  {
    name: "some names are not resolved",
    happens: (system) => system.set("coredns_dns_responses_total", { rcode: "SERVFAIL" }, (before, since) => before + 6 * since),
    told: { ClusterDnsErrors: ["oncall", "9m"] },
    almost: (system) => system.set("coredns_dns_responses_total", { rcode: "SERVFAIL" }, (before, since) => before + since),
  },
  {
    name: "no name is resolved",
    happens: (system) => {
      failing(unavailable(system, "kube-system", "coredns", [0], 1), "command-api", 10);
      blind(system)
        .set("probe_success", {}, 0)
        .set("external_dns_controller_last_sync_timestamp_seconds", {}, (before, since) => before - since);
    },
    told: { ClusterDnsDown: ["oncall", "3m"] },
  },
  {
    name: "the gateway drops connections",
    happens: (system) =>
      system.set("nginx_http_connections_total", { nginx_connections_outcome: "HANDLED" }, (before, since) => before - 5 * since),
    told: { GatewayConnectionsDropped: ["oncall", "8m"] },
  },
  {
    name: "changes of routes are slow",
    happens: (system) => {
      for (const le of ["500", "5000"])
        system.set("nginx_gateway_fabric_event_batch_processing_milliseconds_bucket", { le }, (before, since) => before - 0.5 * since);
    },
    told: { GatewayConfigurationSlow: ["team", "24m"] },
  },
  {
    name: "an endpoint doesn't answer",
    happens: (system) => system.set("probe_success", {}, 0),
    told: { EndpointDown: ["oncall", "4m"] },
    almost: (system) => system.dip("probe_success", {}, 0, 60),
  },
];
