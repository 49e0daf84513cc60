import { occupied } from "./empty";

const named = (...names: readonly string[]) => names.map((name) => ({ apiVersion: "v1", kind: "Any", metadata: { name } }));
const NEW = named("default", "kube-system", "kube-public", "kube-node-lease");

describe("a cluster for tests", () => {
  it("is one that has nothing yet", () => {
    expect(occupied(NEW, [])).toBeUndefined();
    expect(occupied([...NEW, ...named("local-path-storage")], [])).toBeUndefined();
  });

  it("is none that somebody uses: what is in it would be lost", () => {
    expect(occupied([...NEW, ...named("cert-manager")], [])).toBe(
      "KUBECONFIG: the cluster has the namespace cert-manager, and tests would delete it; name an empty cluster",
    );
    expect(occupied(named("a", "b"), named("pvc-1", "pvc-2"))).toBe(
      "KUBECONFIG: the cluster has the namespace a, the namespace b, the volume pvc-1 and 1 more, and tests would delete it; name an empty cluster",
    );
  });
});
