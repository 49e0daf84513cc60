import type { Duration } from "../../constructs/core/quantities";
import { sharesPatch } from "../../constructs/gateway";
import { all } from "../synth";
import { aGateway, objectOf, objectsOf, refusals } from "./gateway";

const plain = aGateway();
const slots = [
  { service: "command-api-blue", port: 8080, weight: 90 },
  { service: "command-api-green", port: 8080, weight: 10 },
];
const full = aGateway({
  routes: {
    hostnames: ["commands.orders.example.com"],
    paths: ["/orders", "/inventory"],
    backends: slots,
    previews: { green: { service: "command-api-green", port: 8080 } },
    retries: "once",
    timeout: "1m",
    maxBodySize: "10Mi",
    rateLimit: { requests: "100/s" },
  },
});
const once = (on: string) => [
  {
    context: "http.server.location",
    value: `proxy_next_upstream ${on};\nproxy_next_upstream_timeout 6s;\nproxy_next_upstream_tries 2;`,
  },
];
const rules = (made: typeof plain) => objectOf(made, "HTTPRoute").spec.rules;

describe("routes", () => {
  it("send everything to the one service there is", () => {
    expect(objectOf(plain, "HTTPRoute").spec.parentRefs).toEqual([{ name: "gateway" }]);
    expect(rules(plain)).toMatchObject([
      { matches: [{ path: { type: "PathPrefix", value: "/" } }], backendRefs: [{ name: "command-api", port: 8080, weight: 1 }] },
    ]);
  });

  it("share requests between the slots of a release", () => {
    expect(rules(full)[0].backendRefs).toEqual([
      { name: "command-api-blue", port: 8080, weight: 90 },
      { name: "command-api-green", port: 8080, weight: 10 },
    ]);
  });

  it("send whoever asks for a version by header to it alone", () => {
    expect(rules(full).at(-1)).toMatchObject({
      matches: ["/orders", "/inventory"].map((value) => ({
        path: { type: "PathPrefix", value },
        headers: [{ type: "Exact", name: "x-preview", value: "green" }],
      })),
      backendRefs: [{ name: "command-api-green", port: 8080, weight: 1 }],
    });
    expect(objectOf(full, "HTTPRoute").spec.hostnames).toEqual(["commands.orders.example.com"]);
  });

  it("are turned by a patch without Terraform just as a release turns them, and no others are", () => {
    const turned = slots.map((backend, index) => ({ ...backend, weight: index * 100 }));
    const route = JSON.parse(JSON.stringify(objectOf(aGateway({ routes: { backends: slots } }), "HTTPRoute")));
    const patched = (patch: readonly object[]) => {
      for (const { op, path, value } of patch as readonly { op: string; path: string; value: unknown }[]) {
        const steps = path.split("/").slice(1);
        const place = steps.slice(0, -1).reduce((at, step) => at[step], route);
        if (op === "replace") place[steps.at(-1) ?? ""] = value;
        else if (op !== "test" || place[steps.at(-1) ?? ""] !== value) throw new Error(`${op} ${path} fails`);
      }
      return route;
    };
    expect(patched(sharesPatch(turned))).toEqual(objectOf(aGateway({ routes: { backends: turned } }), "HTTPRoute"));
    expect(() => patched(sharesPatch([...turned].reverse()))).toThrow("test /spec/rules/0/backendRefs/0/name fails");
  });

  it("change in one release only when the slots are switched", () => {
    const releases = (weights: readonly number[]) => {
      const backends = slots.map((backend, index) => ({ ...backend, weight: weights[index] ?? 0 }));
      return all(aGateway({ routes: { backends } }).json, "helm_release");
    };
    const [before, after] = [releases([1, 0]), releases([0, 1])];
    expect(before.filter((release, index) => release.values[0] !== after[index]?.values[0]).map(({ name }) => name)).toEqual([
      "command-api-routes",
    ]);
  });
});

describe("a request that breaks off", () => {
  const filter = (made: typeof plain) => objectOf(made, "SnippetsFilter").spec.snippets;

  it("is not sent again, whatever its method, unless it is said that it may", () => {
    expect(filter(plain)).toEqual([{ context: "http.server.location", value: "proxy_next_upstream off;" }]);
    expect(filter(full)).toEqual(once("error timeout"));
  });

  it("is asked of another backend where one is not reached, and not where it is slow", () => {
    const asked = (timeout: Duration) => filter(aGateway({ routes: { retries: "once", timeout } }));
    // Until 6 s are over: connecting takes 5 at most.
    expect(asked("7s")).toEqual(once("error timeout"));
    // Both would be over by then, and nginx knows no difference.
    expect(asked("6s")).toEqual(once("error"));
  });

  it("is no different for those who ask for a version", () => {
    const reference = { group: "gateway.nginx.org", kind: "SnippetsFilter", name: "command-api-repeats" };
    for (const { filters } of rules(full)) expect(filters).toEqual([{ type: "ExtensionRef", extensionRef: reference }]);
  });
});

describe("connections to backends", () => {
  it("are closed before a backend would, which a command on its way would not survive", () => {
    expect(objectOf(full, "UpstreamSettingsPolicy").spec).toEqual({
      targetRefs: ["command-api-blue", "command-api-green"].map((name) => ({ group: "", kind: "Service", name })),
      keepAlive: { timeout: "1s" },
    });
  });
});

describe("limits", () => {
  it("are what the routes' own policies say", () => {
    const target = { group: "gateway.networking.k8s.io", kind: "HTTPRoute", name: "command-api" };
    expect(objectOf(plain, "ClientSettingsPolicy").spec).toEqual({ targetRef: target, body: { maxSize: "1m", timeout: "30s" } });
    expect(objectOf(plain, "ProxySettingsPolicy").spec).toEqual({
      targetRefs: [target],
      timeout: { connect: "5s", read: "30s", send: "30s" },
    });
    expect(objectOf(full, "ClientSettingsPolicy").spec.body).toEqual({ maxSize: "10m", timeout: "60s" });
  });

  it("of requests are for each client, and answered as such", () => {
    expect(objectOf(full, "RateLimitPolicy").spec.rateLimit).toEqual({
      rejectCode: 429,
      local: { rules: [{ key: "$binary_remote_addr", rate: "100r/s", burst: 100, noDelay: true }] },
    });
    expect(objectsOf(plain).map(({ kind }) => kind)).not.toContain("RateLimitPolicy");
  });

  it("by the minute let ten come at once, or as many as is said", () => {
    const rule = (rateLimit: { requests: "600/m"; burst?: number }) =>
      objectOf(aGateway({ routes: { rateLimit } }), "RateLimitPolicy").spec.rateLimit.local.rules[0];
    expect(rule({ requests: "600/m" })).toMatchObject({ rate: "600r/m", burst: 10 });
    expect(rule({ requests: "600/m", burst: 50 })).toMatchObject({ burst: 50 });
  });
});

it.each(["/a//b", "/a/../b", "/a/./b", "/..", "//", "/ä", "/a?b", ""])("refuses the path %j, which the CRD refuses", (path) => {
  expect(refusals({ routes: { paths: [path] } })).toEqual([
    `test/routes.paths: "${path}" must be a path prefix; write one like /orders, without empty segments, . and ..`,
  ]);
});

it.each(["/", "/a", "/a/", "/a/b.c/~d", "/...", "/.well-known"])("accepts the path %j", (path) => {
  expect(refusals({ routes: { paths: [path] } })).toEqual([]);
});

it("says all that is wrong at once", () => {
  const lines = refusals({
    routes: {
      hostnames: ["https://Orders"],
      paths: ["orders"],
      backends: [
        { service: "a", port: 80, weight: -1 },
        { service: "b", port: 80, weight: 0 },
      ],
      previews: { "Green!": { service: "b", port: 80 } },
      timeout: "3d",
      maxBodySize: "0.5Ki",
      rateLimit: { requests: "0/s", burst: 1.5 },
    },
  });
  expect(lines).toEqual([
    "test/routes.backends: -1 must be a traffic weight; use a whole number from 0 to 1000000",
    "test/routes.backends: has no backend with traffic; give one backend at least a weight above 0",
    `test/routes.previews: "Green!" must be printable ASCII; use lower-case letters, digits, dots and hyphens`,
    `test/routes.hostnames: "https://Orders" must be a host name; write it in lower case, without scheme and port, like commands.example.com`,
    `test/routes.paths: "orders" must be a path prefix; write one like /orders, without empty segments, . and ..`,
    `test/routes.timeout: "3d" is not a timeout that nginx accepts; use whole seconds, up to 9999s`,
    `test/routes.maxBodySize: "0.5Ki" is not a size that nginx accepts; use up to four digits of Ki, Mi or Gi, like 10Mi`,
    `test/routes.rateLimit: "0/s" must be a rate; write whole requests by the second or the minute, like 100/s`,
    "test/routes.rateLimit: 1.5 must be a whole number of requests; use a whole number, or leave it out",
  ]);
});

it.each([
  ["a time", { timeout: "soon" as "1s" }, `test/routes.timeout: "soon" is not a span of time; write a number and a unit, like "30d"`],
  ["a size", { maxBodySize: "big" as "1Mi" }, `test/routes.maxBodySize: "big" is not a size; write a number and a unit, like "16Gi"`],
])("refuses %s that it can't read", (_, routes, message) => {
  expect(refusals({ routes })).toEqual([message]);
});
