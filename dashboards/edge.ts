import { CLUSTER, dashboard, figure, lines, RATE, table, UNIT, variable, type Words } from "./kit";

const ANSWERS: Words = { 1: { text: "Answers", color: "good" }, 0: { text: "No answer", color: "critical" } };

// CloudWatch names load balancers by the last part of their ARN.
const LOAD_BALANCER = "cluster, dimension_LoadBalancer";

const perSecond = (metric: string, by: string) => `sum by (${by}) (${metric}{${CLUSTER}}) / 300`;

export const edge = dashboard({
  uid: "cqrs-edge",
  title: "Edge: gateway, load balancer, CDN",
  description:
    "The way of a request to the services: does the public address answer, what nginx, load balancer and CDN count, certificates.",
  variables: [variable("cluster", "Cluster", "up")],
  sections: [
    {
      id: 100,
      title: "From outside",
      panels: [
        figure({
          id: 1,
          title: "Public addresses",
          description: "Whether each public address answered the last probe as it should.",
          unit: UNIT.count,
          width: 12,
          words: ANSWERS,
          queries: [{ expr: `min by (cluster, instance) (probe_success{${CLUSTER}})`, legend: "{{instance}}" }],
        }),
        figure({
          id: 2,
          title: "Certificate as served ends in",
          description:
            "Time until the first certificate ends that a public address serves. What is served may be older than what was issued.",
          unit: UNIT.seconds,
          width: 12,
          spark: false,
          limits: {
            warning: { at: 1_209_600, alert: "CertificateServedExpiring" },
            critical: { at: 172_800, alert: "CertificateServedExpiringSoon" },
            below: true,
          },
          queries: [{ expr: `min by (cluster, instance) (probe_ssl_earliest_cert_expiry{${CLUSTER}}) - time()`, legend: "{{instance}}" }],
        }),
        lines({
          id: 3,
          title: "Time to answer a probe",
          description: "Time of a whole probe, by address.",
          unit: UNIT.seconds,
          width: 24,
          height: 7,
          queries: [{ expr: `max by (cluster, instance) (probe_duration_seconds{${CLUSTER}})`, legend: "{{instance}}" }],
        }),
      ],
    },
    {
      id: 101,
      title: "Gateway (NGINX)",
      panels: [
        lines({
          id: 10,
          title: "Requests",
          description: "Requests per second by nginx. Open-source nginx counts neither statuses nor times: services do.",
          unit: UNIT.requests,
          width: 8,
          queries: [{ expr: `sum by (cluster, namespace, pod) (rate(nginx_http_requests_total{${CLUSTER}}${RATE}))`, legend: "{{pod}}" }],
        }),
        lines({
          id: 11,
          title: "New connections",
          description: "Connections per second, accepted and handled. A gap between them: nginx has none free.",
          unit: UNIT.perSecond,
          width: 8,
          queries: [
            {
              expr: `sum by (cluster, nginx_connections_outcome) (rate(nginx_http_connections_total{${CLUSTER}}${RATE}))`,
              legend: "{{nginx_connections_outcome}}",
            },
          ],
        }),
        lines({
          id: 12,
          title: "Open connections",
          description: "Connections by what they do: reading, writing, waiting.",
          unit: UNIT.count,
          width: 8,
          stacked: true,
          queries: [
            {
              expr: `sum by (cluster, nginx_connections_outcome) (nginx_http_connection_count_connections{${CLUSTER}})`,
              legend: "{{nginx_connections_outcome}}",
            },
          ],
        }),
      ],
    },
    {
      id: 102,
      title: "Network load balancer",
      panels: [
        lines({
          id: 20,
          title: "Unhealthy targets",
          description: "Targets that fail the load balancer's health check. CloudWatch is late by some minutes.",
          unit: UNIT.count,
          width: 8,
          limits: { warning: { at: 1, alert: "LoadBalancerTargetsUnhealthy" } },
          queries: [
            {
              expr: `max by (cluster, dimension_TargetGroup) (aws_networkelb_un_healthy_host_count_maximum{${CLUSTER}})`,
              legend: "{{dimension_TargetGroup}}",
            },
          ],
        }),
        lines({
          id: 21,
          title: "New connections",
          description: "New TCP connections per second.",
          unit: UNIT.perSecond,
          width: 8,
          queries: [{ expr: perSecond("aws_networkelb_new_flow_count_sum", LOAD_BALANCER), legend: "{{dimension_LoadBalancer}}" }],
        }),
        lines({
          id: 22,
          title: "Resets by targets",
          description: "Connections per second that a target broke off. Pods that end before they are deregistered do so.",
          unit: UNIT.perSecond,
          width: 8,
          queries: [{ expr: perSecond("aws_networkelb_tcp_target_reset_count_sum", LOAD_BALANCER), legend: "{{dimension_LoadBalancer}}" }],
        }),
      ],
    },
    {
      id: 103,
      title: "CloudFront",
      panels: [
        lines({
          id: 30,
          title: "Requests",
          description: "Requests per second to each distribution, answered from its cache or not.",
          unit: UNIT.requests,
          width: 12,
          queries: [
            { expr: perSecond("aws_cloudfront_requests_sum", "cluster, dimension_DistributionId"), legend: "{{dimension_DistributionId}}" },
          ],
        }),
        lines({
          id: 31,
          title: "Errors",
          description: "Share of answers with 5xx, and with any error.",
          unit: UNIT.share,
          max: 1,
          width: 12,
          limits: { critical: { at: 0.05, alert: "CdnErrors" } },
          queries: [
            {
              expr: `max by (cluster, dimension_DistributionId) (aws_cloudfront_5xx_error_rate_average{${CLUSTER}}) / 100`,
              legend: "{{dimension_DistributionId}} 5xx",
            },
            {
              expr: `max by (cluster, dimension_DistributionId) (aws_cloudfront_total_error_rate_average{${CLUSTER}}) / 100`,
              legend: "{{dimension_DistributionId}} all",
            },
          ],
        }),
      ],
    },
    {
      id: 104,
      title: "Certificates",
      panels: [
        table({
          id: 40,
          title: "Certificates",
          description: "Certificates of cert-manager by the time that is left. They are renewed when two thirds of their time are over.",
          width: 24,
          height: 9,
          columns: [
            { label: "cluster", title: "Cluster" },
            { label: "namespace", title: "Namespace" },
            { label: "name", title: "Certificate" },
            {
              expr: `min by (cluster, namespace, name) (certmanager_certificate_expiration_timestamp_seconds{${CLUSTER}}) - time()`,
              title: "Ends in",
              unit: UNIT.seconds,
            },
            {
              expr: `max by (cluster, namespace, name) (certmanager_certificate_ready_status{condition="True",${CLUSTER}})`,
              title: "Ready",
              unit: UNIT.count,
              words: { 1: { text: "Yes", color: "good" }, 0: { text: "No", color: "critical" } },
            },
          ],
          sort: "Ends in",
          ascending: true,
        }),
      ],
    },
  ],
});
