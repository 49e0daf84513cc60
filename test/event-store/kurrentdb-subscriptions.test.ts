import { kurrentDbSecrets } from "../../constructs/event-store";
import { systemStreamGrants } from "../../constructs/event-store/kurrentdb-rights";
import {
  type PersistentSubscription,
  subscriptionFiles,
  subscriptionProblems,
  systemStreamsOf,
} from "../../constructs/event-store/kurrentdb-subscriptions";

const BILLING: PersistentSubscription = { stream: "$ce-order", group: "billing" };
const problems = (...subscriptions: PersistentSubscription[]) =>
  subscriptionProblems(subscriptions).map(({ index, value, rule }) => `${index}: ${value} ${rule}`);
const requestOf = (subscription: PersistentSubscription, kind: "create" | "update" = "create") =>
  Buffer.from(subscriptionFiles([subscription]).binaryData[`0.${kind}`] ?? "", "base64");

describe("persistent subscriptions", () => {
  it("resolve links of system streams, which consist of them, and of no others", () => {
    const resolves = (stream: string) => subscriptionFiles([{ stream, group: "g" }]).data["0.settings"]?.split("\n")[0];
    expect(["$ce-order", "$all", "order-1"].map(resolves)).toEqual(["true", "false", "false"].map((value) => `resolveLinktos=${value}`));
  });

  it("are asked for by an address of their own, however their stream is called", () => {
    expect(subscriptionFiles([{ stream: "$all", group: "audit" }]).data["0.path"]).toBe("/subscriptions/%24all/audit/info\n");
  });

  // all (5) { start (2) {}, filter (4) { event_type (2) { prefix (2): "Order" }, count (4) {}, checkpointIntervalMultiplier (5): 1 } }
  it("are requests as persistent.proto has them", () => {
    const source = "2a 11 12 00 22 0d 12 07 12 05 4f 72 64 65 72 22 00 28 01";
    const request = requestOf({ stream: "$all", group: "a", filter: { eventTypePrefix: ["Order"] } });
    expect(request.subarray(0, 1)).toEqual(Buffer.from([0]));
    expect(request.readUInt32BE(1)).toBe(request.length - 5);
    expect(request.toString("hex")).toContain(source.replaceAll(" ", ""));
    // The group, and the strategy in the field that only a creation has.
    expect(request.toString("hex")).toContain("120161");
    expect(request.toString("latin1")).toContain("\x82\x01\nRoundRobin");
  });

  it("are updated without what is fixed at their creation", () => {
    const update = requestOf({ stream: "$all", group: "a", filter: { streamRegex: "^order-" } }, "update");
    expect(update.toString("latin1")).not.toMatch(/order|RoundRobin/);
  });

  it("are refused where the server would refuse them, or would leave something out", () => {
    expect(problems(BILLING, { stream: "$all", group: "audit", filter: { streamPrefix: ["order-"] } })).toEqual([]);
    expect(problems({ stream: "order-1", group: "a b" })).toEqual(["0: a b can't be a group"]);
    expect(problems({ stream: "a::b", group: "g" })).toEqual(["0: a::b can't be a stream"]);
    expect(problems({ stream: "$ce-a b", group: "g" })).toEqual(["0: $ce-a b can't be granted as a system stream"]);
    expect(problems({ stream: "order-1", group: "g", filter: { streamPrefix: ["order"] } })).toEqual([
      "0: order-1 can't have a filter, which the server applies to $all only",
    ]);
    expect(problems({ stream: "$all", group: "g", filter: { streamRegex: "a", eventTypeRegex: "b" } })).toEqual([
      "0: streamRegex, eventTypeRegex must be exactly one filter",
    ]);
    expect(problems({ ...BILLING, readBatch: 500 })).toEqual(["0: 500 must be less than buffer (500)"]);
    expect(problems({ ...BILLING, maxCheckpoint: 9 })).toEqual(["0: 9 must be 10 or more"]);
    expect(problems(BILLING, BILLING)).toEqual(["1: billing on $ce-order is declared twice"]);
  });
});

describe("system streams", () => {
  it("are those that are named, and those that subscriptions read", () => {
    expect(systemStreamsOf([BILLING, { stream: "$all", group: "g" }, { stream: "order-1", group: "g" }], ["$et-OrderPlaced"])).toEqual([
      "$ce-order",
      "$et-OrderPlaced",
    ]);
  });

  it("are granted to readers by the metadata of the stream, which nobody else gets with it", () => {
    const [[file, content]] = Object.entries(systemStreamGrants(["$ce-order"])) as [[string, Buffer]];
    expect(file).toBe("read-ce-order.bin");
    expect(content.includes("$$$ce-order")).toBe(true);
    const readers = ["$admins", "subscriptions"];
    expect(content.toString()).toContain(JSON.stringify({ $acl: { $r: readers, $mr: readers } }));
    expect(kurrentDbSecrets().subscriptions.fixed).toEqual({ user: "subscriptions" });
  });
});
