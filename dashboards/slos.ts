import { bars, CLUSTER, dashboard, figure, lines, NAMESPACE, table, toDashboard, UNIT, variable } from "./kit";
import { allowed, budgetLeft, burnRate, failedShare } from "./objectives";

export const slos = dashboard({
  uid: "cqrs-slos",
  title: "Service level objectives",
  description: "What each service has promised, how much of the 30 days' error budget is left, and how fast it is spent.",
  variables: [
    variable("cluster", "Cluster", "service:slo_budget:ratio"),
    variable("namespace", "Namespace", `service:slo_budget:ratio{${CLUSTER}}`),
  ],
  from: "now-7d",
  sections: [
    {
      id: 100,
      title: "Error budgets",
      panels: [
        bars({
          id: 1,
          title: "Error budget left",
          description:
            "Share of the budget of 30 days that is left, or of as long as metrics are kept. At 0 the objective is not met: no risky releases.",
          unit: UNIT.share,
          min: 0,
          max: 1,
          width: 12,
          height: 10,
          queries: [{ expr: budgetLeft(NAMESPACE), legend: "{{service}} {{objective}}" }],
        }),
        table({
          id: 2,
          title: "Objectives",
          description: "The promise of each service, what was kept in the last 3 days, and the speed of the last hour.",
          width: 12,
          height: 10,
          columns: [
            { label: "cluster", title: "Cluster" },
            { label: "namespace", title: "Namespace" },
            { label: "service", title: "Service" },
            { label: "objective", title: "Objective" },
            { expr: `1 - ${allowed(NAMESPACE)}`, title: "Promised", unit: UNIT.share, decimals: 3 },
            { expr: `1 - ${failedShare("3d", NAMESPACE)}`, title: "Kept in 3 days", unit: UNIT.share, decimals: 3 },
            { expr: budgetLeft(NAMESPACE), title: "Budget left", unit: UNIT.share, decimals: 1 },
            { expr: burnRate("1h", NAMESPACE), title: "Burn rate, 1 h", unit: UNIT.count, decimals: 1 },
          ],
          sort: "Budget left",
          ascending: true,
        }),
        figure({
          id: 3,
          title: "Least budget left",
          description: "The objective of which least is left, by cluster.",
          unit: UNIT.share,
          width: 24,
          spark: false,
          queries: [{ expr: `min by (cluster) (${budgetLeft(NAMESPACE)})`, legend: "{{cluster}}" }],
        }),
      ],
    },
    {
      id: 101,
      title: "Burn rate",
      panels: [
        lines({
          id: 10,
          title: "Burn rate of 1 hour",
          description: "At 1 the budget lasts 30 days. At 14.4 an hour spends 2% of it, and someone is woken.",
          unit: UNIT.count,
          width: 12,
          queries: [{ expr: burnRate("1h", NAMESPACE), legend: "{{service}} {{objective}}" }],
          links: [toDashboard("Service", "cqrs-releases", { namespace: "${__field.labels.namespace}" })],
        }),
        lines({
          id: 11,
          title: "Burn rate of 6 hours",
          description: "At 6, six hours spend 5% of the budget, and someone is woken.",
          unit: UNIT.count,
          width: 12,
          queries: [{ expr: burnRate("6h", NAMESPACE), legend: "{{service}} {{objective}}" }],
        }),
        lines({
          id: 12,
          title: "Burn rate of 3 days",
          description: "Above 1 for three days: the budget will not last. It is a ticket, not a page.",
          unit: UNIT.count,
          width: 12,
          queries: [{ expr: burnRate("3d", NAMESPACE), legend: "{{service}} {{objective}}" }],
        }),
        lines({
          id: 13,
          title: "Requests that broke their objective",
          description: "Failed or slow requests per second, by service and objective. Each of them spends budget.",
          unit: UNIT.requests,
          width: 12,
          queries: [{ expr: `service:slo_failures:rate5m{${NAMESPACE}}`, legend: "{{service}} {{objective}}" }],
        }),
      ],
    },
  ],
});
