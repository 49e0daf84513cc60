import { ago, DAY } from "../healthy";
import { blind, type Fault, HOUR, MINUTE, place, unavailable } from "./happenings";

export const PLATFORM: readonly Fault[] = [
  {
    name: "a certificate is not renewed",
    happens: (system) =>
      system
        .set("certmanager_certificate_renewal_timestamp_seconds", {}, ago(8 * HOUR))
        .set("certmanager_certificate_expiration_timestamp_seconds", {}, ago(-29 * DAY)),
    told: { CertificateRenewalLate: ["team", "17m"] },
    almost: (system) => system.set("certmanager_certificate_renewal_timestamp_seconds", {}, ago(3 * HOUR)),
  },
  {
    name: "a certificate expires",
    happens: (system) =>
      system
        .set("certmanager_certificate_renewal_timestamp_seconds", {}, ago(28 * DAY))
        .set("certmanager_certificate_expiration_timestamp_seconds", {}, ago(-40 * HOUR)),
    told: { CertificateExpiring: ["oncall", "17m"] },
    almost: (system) =>
      system
        .set("certmanager_certificate_renewal_timestamp_seconds", {}, ago(-12 * HOUR))
        .set("certmanager_certificate_expiration_timestamp_seconds", {}, ago(-24 * HOUR)),
  },
  {
    name: "a certificate is not issued",
    happens: (system) =>
      system
        .set("certmanager_certificate_ready_status", { condition: "False" }, 1)
        .set("certmanager_certificate_ready_status", { condition: "True" }, 0),
    told: { CertificateNotReady: ["team", "17m"] },
    almost: (system) => system.dip("certmanager_certificate_ready_status", { condition: "False" }, 1, 12 * MINUTE),
  },
  {
    name: "an issuer of certificates is not ready",
    happens: (system) =>
      system
        .set("certmanager_clusterissuer_ready_status", { condition: "False" }, 1)
        .set("certmanager_certificate_ready_status", { condition: "False" }, 1),
    told: { CertificateIssuerNotReady: ["team", "12m"] },
  },
  {
    name: "a certificate is served that expires soon",
    happens: (system) => system.set("probe_ssl_earliest_cert_expiry", {}, ago(-30 * HOUR)),
    told: { CertificateServedExpiringSoon: ["oncall", "7m"] },
    almost: (system) => system.set("probe_ssl_earliest_cert_expiry", {}, ago(-15 * DAY)),
  },
  {
    name: "a secret is not synchronized",
    happens: (system) => system.set("externalsecret_status_condition", { status: "False" }, 1),
    told: { SecretNotSynced: ["team", "17m"] },
    almost: (system) => system.dip("externalsecret_status_condition", { status: "False" }, 1, 12 * MINUTE),
  },
  {
    name: "the store of secrets can't be read",
    happens: (system) =>
      system
        .set("clustersecretstore_status_condition", { status: "False" }, 1)
        .set("externalsecret_status_condition", { status: "False" }, 1),
    told: { SecretStoreNotReady: ["team", "12m"] },
  },
  {
    name: "the store of secrets can't be read, and a secret of another store is not copied",
    happens: (system) =>
      system
        .set("clustersecretstore_status_condition", { status: "False" }, 1)
        .set("externalsecret_status_condition", { status: "False" }, 1)
        .add(
          "externalsecret_status_condition",
          {
            ...place(system),
            namespace: "write-side",
            name: "broker",
            app_kubernetes_io_part_of: "secrets-of-broker",
            condition: "Ready",
            status: "False",
          },
          1,
        ),
    told: { SecretStoreNotReady: ["team", "12m"], SecretNotSynced: ["team", "17m"] },
  },
  {
    name: "the API server can't call a webhook",
    happens: (system) => system.set("apiserver_admission_webhook_rejection_count", {}, (before, since) => before + Math.floor(since / 30)),
    told: { AdmissionWebhookFails: ["team", "15m"] },
    almost: (system) => system.set("apiserver_admission_webhook_rejection_count", {}, 4),
  },
  {
    name: "a controller is down",
    happens: (system) => unavailable(system, "keda", "keda-operator", [0], 1),
    told: { ControllerDown: ["team", "7m"] },
    almost: (system) => system.dip("kube_deployment_status_replicas_available", { deployment: "keda-operator" }, 0, 3 * MINUTE),
  },
  {
    name: "KEDA gives autoscalers no metrics",
    also: ["workloads"],
    happens: (system) => blind(unavailable(system, "keda", "keda-operator-metrics-apiserver", [0], 1)),
    told: { ControllerDown: ["team", "7m"] },
  },
  {
    name: "Karpenter is down, and a pod needs a node",
    also: ["workloads"],
    happens: (system) =>
      unavailable(unavailable(system, "kube-system", "karpenter", [0], 1), "read-side", "query-api", [1], 2).add(
        "kube_pod_status_unschedulable",
        { ...place(system), namespace: "read-side", pod: "query-api-6d9f-1" },
        1,
      ),
    told: { ControllerDown: ["team", "7m"] },
  },
  {
    name: "External Secrets is down",
    happens: (system) => {
      for (const name of ["externalsecret_status_condition", "clustersecretstore_status_condition"]) system.end(name);
      unavailable(system, "external-secrets", "external-secrets", [0], 1);
    },
    told: { ControllerDown: ["team", "7m"] },
  },
  {
    name: "the operator of PostgreSQL is down",
    happens: (system) =>
      unavailable(system, "cnpg-system", "cnpg-cloudnative-pg", [0], 1).set(
        "apiserver_admission_webhook_rejection_count",
        {},
        (before, since) => before + Math.floor(since / 30),
      ),
    told: { PostgresOperatorDown: ["oncall", "7m"] },
  },
  {
    name: "a controller fails at its objects",
    happens: (system) => system.set("controller_runtime_reconcile_errors_total", {}, (before, since) => before + 0.6 * since),
    told: { ControllerErrors: ["team", "27m"] },
    almost: (system) => system.set("controller_runtime_reconcile_errors_total", {}, (before, since) => before + 0.2 * since),
  },
  {
    name: "DNS is not synchronized",
    happens: (system) => system.set("external_dns_controller_last_sync_timestamp_seconds", {}, (before, since) => before - since),
    told: { ExternalDnsNotSynced: ["team", "23m"] },
    almost: (system) => system.set("external_dns_controller_last_sync_timestamp_seconds", {}, (before, since) => before - (since % 800)),
  },
  {
    name: "a pool of nodes is nearly full",
    happens: (system) => system.set("karpenter_nodepools_usage", {}, 95),
    told: { NodePoolNearlyFull: ["team", "17m"] },
    almost: (system) => system.set("karpenter_nodepools_usage", {}, 88),
  },
];
