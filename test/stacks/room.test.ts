import { sitesOf } from "../../stacks/base/site";
import { asDomains } from "../../stacks/model/shorthand";
import { anEnvironment } from "../environments";

const node = { cpu: 4, memory: "16Gi", storage: "100Gi" };

/** What room is kept for, by the cluster. */
const kept = (changes: object) =>
  Object.fromEntries(sitesOf(asDomains(anEnvironment(changes))).map(({ key, ledger }) => [key, ledger.kept.map(({ reason }) => reason)]));

describe("room is kept", () => {
  it("for what watches the system, on each cluster, as long as no stack brings it", () => {
    const clusters = { writeCluster: { nodes: 3, node }, readCluster: { nodes: 3, node } };
    expect(kept({ ...clusters, monitoring: { prometheus: true } })).toEqual({
      writeCluster: ["observability"],
      readCluster: ["observability"],
    });
    expect(kept({ ...clusters, monitoring: { elasticStack: true } })).toEqual({ writeCluster: [], readCluster: ["observability"] });
    expect(kept(clusters)).toEqual({ writeCluster: [], readCluster: [] });
  });
});
