import { describe as text } from "../../constructs/core/errors";
import { type Alerts, alertsProblems } from "../../constructs/observability";
import { alertmanagerConfig } from "../../constructs/observability/alerts";

const alerts: Alerts = {
  receivers: {
    oncall: { kind: "pagerduty" },
    team: { kind: "slack", channel: "#orders" },
    market: { kind: "opsgenie" },
    heartbeat: { kind: "webhook" },
  },
  default: { critical: "oncall", warning: "team" },
  domains: { marketplace: "market" },
  heartbeat: "heartbeat",
};

interface Route {
  readonly receiver: string;
  readonly matchers?: readonly string[];
  readonly routes?: readonly Route[];
  readonly repeat_interval?: string;
}

const routeOf = (of: Alerts | undefined) => (alertmanagerConfig(of) as { readonly route: Route }).route;

/** Whom Alertmanager tells of an alert with these labels: the first route that matches, as Alertmanager looks for it. */
function told(of: Alerts | undefined, labels: Readonly<Record<string, string>>): string {
  const { routes = [], receiver } = routeOf(of);
  const matches = (matcher: string) => {
    const [, label = "", operator, pattern = ""] = /^(\w+)(=~|!~|=)"(.*)"$/.exec(matcher) ?? [];
    const found = labels[label] ?? "";
    if (operator === "=") return found === pattern;
    return new RegExp(`^(?:${pattern})$`).test(found) === (operator === "=~");
  };
  return routes.find(({ matchers = [] }) => matchers.every(matches))?.receiver ?? receiver;
}

describe("alerts", () => {
  it.each([
    ["what wakes somebody", { severity: "critical" }, "oncall"],
    ["what waits for the day", { severity: "warning" }, "team"],
    ["what a domain owns", { severity: "warning", domain: "marketplace" }, "market"],
    ["what a domain owns and is critical", { severity: "critical", domain: "marketplace" }, "market"],
    ["what nobody asked to be told", { severity: "info", domain: "marketplace" }, "nobody"],
    ["that everything works", { severity: "none", alertname: "Watchdog" }, "heartbeat"],
  ])("tell %s to its receiver", (_, labels, receiver) => {
    expect(told(alerts, labels)).toBe(receiver);
  });

  it("reach nobody where no receiver is described", () => {
    expect(told(undefined, { severity: "critical" })).toBe("nobody");
  });

  it("repeat what is critical every hour, and the heartbeat at each interval", () => {
    const repeats = routeOf(alerts).routes?.map(({ receiver, repeat_interval: interval }) => [receiver, interval]);
    expect(repeats).toEqual(
      expect.arrayContaining([
        ["oncall", "1h"],
        ["market", "1h"],
        ["heartbeat", "50s"],
      ]),
    );
  });

  it("find what it takes to reach somebody in files, and nothing of it is in the configuration", () => {
    const { receivers } = alertmanagerConfig(alerts) as { readonly receivers: readonly object[] };
    expect(JSON.stringify(receivers).match(/"(\w+_file)":"([^"]+)"/g)).toEqual([
      '"routing_key_file":"/etc/alertmanager/secrets/alert-receivers/oncall"',
      '"api_url_file":"/etc/alertmanager/secrets/alert-receivers/team"',
      '"api_key_file":"/etc/alertmanager/secrets/alert-receivers/market"',
      '"url_file":"/etc/alertmanager/secrets/alert-receivers/heartbeat"',
    ]);
  });

  it.each<[string, Alerts, string]>([
    [
      "an unknown receiver",
      { receivers: { team: { kind: "webhook" } }, default: "taem" },
      'default: "taem" must be one of the receivers; use team, or describe it in receivers',
    ],
    [
      "an unknown receiver of a domain",
      { receivers: { team: { kind: "webhook" } }, default: "team", domains: { edge: { critical: "team", warning: "day" } } },
      'domains.edge: "day" must be one of the receivers; use team, or describe it in receivers',
    ],
    ["no receiver at all", { receivers: {}, default: "team" }, 'default: "team" must be one of the receivers; describe it in receivers'],
    [
      "a heartbeat to people",
      { ...alerts, heartbeat: "oncall" },
      'heartbeat: "oncall" must be a webhook: everyone else would be told every minute; name a webhook',
    ],
    [
      "a name that no file can have",
      { receivers: { "On call": { kind: "webhook" } }, default: "On call" },
      "receivers.On call: must have a name of lower-case letters, digits and hyphens other than nobody; rename it",
    ],
  ])("are refused with %s", (_, wrong, message) => {
    expect(alertsProblems(wrong).map(text)).toEqual([message]);
  });
});
