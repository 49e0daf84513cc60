import { type DrillProps, drill } from "../../constructs/postgres/drill/drill";

const EVENTS = { position: "12", count: "10", hash: "ab12" };
const ROWS = new Map([
  ["public.events", 10],
  ["public.orders", 5],
]);

/** A drill of servers that answer at once, with what a test changes. */
function aDrill(changes: { readonly [Part in "scratch" | "source" | "restored"]?: object }, limits: object = {}) {
  const calls: string[] = [];
  const scratch = {
    create: async (lsn: string) => void calls.push(`create ${lsn}`),
    state: async () => ({ phase: "Cluster in healthy state", ready: true }),
    remove: async () => void calls.push("remove"),
    ...changes.scratch,
  };
  const source = {
    record: async () => ({ lsn: "0/5000060", position: "12", tables: ["public.events", "public.orders"] }),
    isArchived: async () => true,
    events: async () => EVENTS,
    ...changes.source,
  };
  const restored = { isRecovering: async () => false, events: async () => EVENTS, rows: async () => ROWS, ...changes.restored };
  const props = { scratch, source, restored, owner: { name: "pod", uid: "1" }, rpo: 1, rto: 1, upload: 0, pause: 10, ...limits };
  return { result: drill(props as unknown as DrillProps), calls };
}

const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));

describe("a restore drill of PostgreSQL", () => {
  it("reports what was restored, and deletes the server before and after", async () => {
    const { result, calls } = aDrill({});
    expect(await result).toMatchObject({ passed: true, problems: [], restored: { lsn: "0/5000060", events: EVENTS, tables: 2, rows: 15 } });
    expect(calls).toEqual(["remove", "create 0/5000060", "remove"]);
  });

  it("fails above the RTO, and ends at twice the RTO with the last phase of the server", async () => {
    const slow = await aDrill({ restored: { rows: () => pause(30).then(() => ROWS) } }, { rto: 0.02 }).result;
    expect(slow.restored).not.toBeNull();
    expect(slow.problems).toEqual([expect.stringMatching(/^the restore took 0\.\d+ s, and the RTO is 0\.02 s$/)]);
    const { result, calls } = aDrill(
      { scratch: { state: async () => ({ phase: "Setting up primary: job", ready: false }) } },
      { rto: 0.02 },
    );
    expect(await result).toMatchObject({
      passed: false,
      problems: ["the restore has not ended within 0.04 s, twice the RTO: Setting up primary: job"],
      restored: null,
    });
    expect(calls.at(-1)).toBe("remove");
  });

  it("waits while the restored server still replays the log, or does not answer", async () => {
    const answers = [() => Promise.reject(new Error("ECONNREFUSED")), () => Promise.resolve(true), () => Promise.resolve(false)];
    let asked = 0;
    const { result } = aDrill({ restored: { isRecovering: () => answers[asked++]?.() } });
    expect((await result).passed).toBe(true);
    expect(asked).toBe(3);
  });

  it("fails if the log is archived too late, other events or fewer tables are found, and if nothing can be deleted", async () => {
    const late = await aDrill({ source: { isArchived: async () => false } }, { rpo: 0.02 }).result;
    expect(late).toMatchObject({ lossSeconds: null, restored: null });
    expect(late.problems).toEqual(["the log up to 0/5000060 was not archived within the RPO of 0.02 s and 0 s for its upload"]);
    const others = { events: async () => ({ ...EVENTS, hash: "cd34" }), rows: async () => new Map([["public.events", 10]]) };
    expect((await aDrill({ restored: others }).result).problems).toEqual([
      "tables are missing: public.orders",
      "the restored events are 10 up to position 12 (cd34) instead of 10 up to position 12 (ab12)",
    ]);
    let removals = 0;
    const remove = async () => {
      if (++removals === 2) throw new Error("cluster orders-scratch can't be deleted: 403");
    };
    expect((await aDrill({ scratch: { remove } }).result).problems).toEqual(["cluster orders-scratch can't be deleted: 403"]);
  });
});
