import { inadmissible, type KubernetesObject } from "../../constructs/kubernetes";

const object = (kind: string, name: string, rest: object = {}): KubernetesObject => ({
  apiVersion: kind === "HTTPRoute" ? "gateway.networking.k8s.io/v1" : "v1",
  kind,
  metadata: { name, namespace: "write-side" },
  ...rest,
});

const said = (...objects: readonly KubernetesObject[]) =>
  inadmissible(objects, []).map(({ name, rule, remedy }) => `${name} ${rule}; ${remedy}`);

describe("an API server", () => {
  it("takes one object of a kind, a namespace and a name", () => {
    const elsewhere = { ...object("Service", "api"), metadata: { name: "api", namespace: "read-side" } };
    expect(said(object("Service", "api"), object("Deployment", "api"), elsewhere)).toEqual([]);
    expect(said(object("Service", "api"), object("Service", "api"))).toEqual([
      "Service write-side/api is made twice; choose another name for one of the two",
    ]);
  });

  it("takes one release of a name in a namespace", () => {
    const release = { name: "nats", namespace: "read-store", chart: "nats", values: {} };
    expect(inadmissible([], [release, release]).map(({ name }) => name)).toEqual(["Release read-store/nats"]);
  });

  it.each([
    ["StatefulSet", 52],
    ["CronJob", 52],
    ["Cluster", 50],
    ["Service", 63],
    ["ConfigMap", 253],
  ])("takes names of a %s up to %d characters: controllers append to them", (kind, most) => {
    expect(said(object(kind, "a".repeat(most)))).toEqual([]);
    const name = "a".repeat(most + 1);
    expect(said(object(kind, name))).toEqual([
      `${kind} write-side/${name} has a name of ${most + 1} characters; use names that leave it up to ${most}`,
    ]);
  });

  it("takes labels of 63 characters, of pods as well", () => {
    const labels = { team: "the best" };
    expect(said(object("Deployment", "api", { spec: { template: { metadata: { labels } } } }))).toEqual([
      'Deployment write-side/api has the label team with the value "the best"; use up to 63 letters, digits, -, _ and .',
    ]);
  });

  it("takes a mebibyte in a ConfigMap", () => {
    expect(said(object("ConfigMap", "files", { data: { a: "ä".repeat(524_288) } }))).toEqual([
      "ConfigMap write-side/files holds 1048577 bytes; use files of up to 1048576 bytes together",
    ]);
  });

  it("takes keys of 253 characters in a ConfigMap", () => {
    expect(said(object("ConfigMap", "files", { data: { ["k".repeat(254)]: "" } }))).toEqual([
      "ConfigMap write-side/files has a key of 254 characters; use paths of up to 253",
    ]);
  });

  it("takes 64 paths of a route, each of 1024 characters", () => {
    const paths = (...values: readonly string[]) => ({ spec: { rules: [{ matches: values.map((value) => ({ path: { value } })) }] } });
    const many = Array.from({ length: 65 }, (_, index) => `/${index}`);
    expect(said(object("HTTPRoute", "api", paths(...many)))).toEqual(["HTTPRoute write-side/api has 65 paths; use up to 64"]);
    expect(said(object("HTTPRoute", "api", paths("/".repeat(1025))))).toEqual([
      "HTTPRoute write-side/api has 1025 characters in a path; use up to 1024",
    ]);
  });
});
