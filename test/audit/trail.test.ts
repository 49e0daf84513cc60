import fc from "fast-check";
import { DAY, digestKey, HOUR, pathOf, signatureKey } from "../../constructs/audit/trail/format";
import { runs } from "../thorough";
import { Killed, MemoryTrail } from "./memory-trail";
import { BEGIN, digestedAt, digester, grow, HOURS, KEEP_DAYS, keyOf, OTHER_KEY, someRecords, verified, type Written } from "./trails";

const ONE: readonly Written[] = [
  { kind: "commands", hour: 0, late: 0, content: "pay" },
  { kind: "access", hour: 1, late: 0, content: "read" },
  { kind: "events", hour: 1, late: 2, content: "paid" },
];
const [FIRST, SECOND] = ONE.map(keyOf) as [string, string];
const grown = async (records: readonly Written[] = ONE) => {
  const trail = new MemoryTrail();
  return { trail, asOf: digestedAt(await grow(trail, records)) };
};
const lines = async (trail: MemoryTrail, asOf: number, changes = {}) =>
  (await verified(trail, asOf, changes)).problems.map(({ kind, key }) => `${kind} ${key}`);

describe("an untouched trail", () => {
  it("passes, whatever was written and however late", async () => {
    await fc.assert(
      fc.asyncProperty(someRecords, async (records) => {
        const { trail, asOf } = await grown(records);
        const result = await verified(trail, asOf);
        expect(result).toMatchObject({ problems: [], records: records.length, expired: 0, pending: 0 });
      }),
      { numRuns: runs(100) },
    );
  });

  it("has a digest of every hour, also if nothing happened", async () => {
    const { trail } = await grown();
    const keys = [0, 1, 2, 3].map((hour) => digestKey(BEGIN + hour));
    expect([...trail.objects.keys()].filter((key) => /^digests.*json$/.test(key))).toEqual(keys);
    expect(keys[2]).toBe("digests/2026/11/29/00.json");
    expect(JSON.parse(String(trail.objects.get(keys[2] ?? ""))).records).toEqual([]);
  });

  it("counts late records, and records without a digest yet", async () => {
    const { trail, asOf } = await grown();
    trail.objects.set(`events/${pathOf(BEGIN + HOURS)}/a/b/c.json`, Buffer.from("{}"));
    expect(await verified(trail, asOf)).toMatchObject({ problems: [], late: 1, pending: 1 });
  });

  it.each([
    [48, []],
    [49, [`inserted ${FIRST}`]],
  ])("has records that arrive up to 48 hours late: %d", async (late, problems) => {
    const { trail, asOf } = await grown([{ kind: "commands", hour: 0, late, content: "pay" }]);
    expect(await lines(trail, asOf)).toEqual(problems);
  });

  it("passes after its records and digests have expired", async () => {
    const { trail } = await grown();
    for (let hour = HOURS; hour < 3 * 24; hour++) await digester(trail).run(digestedAt(BEGIN + hour));
    const asOf = digestedAt(BEGIN + 3 * 24 - 1);
    trail.objects.delete(SECOND);
    expect(await verified(trail, asOf)).toMatchObject({ problems: [], expired: 1 });
    const [end, last] = [3650 + 31, BEGIN + 3 * 24 - 1];
    for (let hour = BEGIN; hour < last; hour++) for (const key of [digestKey(hour), signatureKey(hour)]) trail.objects.delete(key);
    expect(await lines(trail, last * HOUR + (end - 1) * DAY)).toContain(`missing ${digestKey(last - 1)}`);
    expect(await lines(trail, last * HOUR + end * DAY)).not.toContain(`missing ${digestKey(last - 1)}`);
  });

  it("is locked: digests longest, and each kind for its own retention", async () => {
    const { trail } = await grown();
    const days = (key: string, hour: number) => {
      const { until } = trail.locks.get(key) ?? {};
      return until && (until.getTime() - (BEGIN + hour + 1) * HOUR) / DAY;
    };
    expect(days(digestKey(BEGIN), 0)).toBe(3681);
    expect(days(signatureKey(BEGIN), 0)).toBe(3681);
    expect(days(FIRST, 0)).toBe(KEEP_DAYS.commands);
    // The bucket's default lock is the shortest retention.
    expect(trail.locks.get(SECOND)).toBeUndefined();
  });
});

describe("a touched trail", () => {
  /** Every way to change one object of a trail, or to add one. */
  const touched = (trail: MemoryTrail): [string, MemoryTrail, string][] => {
    const keys = [...trail.objects.keys()];
    const change = (name: string, key: string, apply: (copy: MemoryTrail) => void): [string, MemoryTrail, string] => {
      const copy = trail.copy();
      apply(copy);
      return [`${name} ${key}`, copy, key];
    };
    return keys.flatMap((key, index) => {
      const content = trail.objects.get(key) as Buffer;
      const bytes = [0, content.length >> 1, content.length - 1];
      const other = keys.slice(index + 1).filter((one) => !trail.objects.get(one)?.equals(content));
      return [
        ...bytes.map((at) =>
          change(`byte ${at} of`, key, (copy) => {
            const damaged = Buffer.from(content);
            damaged[at] = (damaged[at] ?? 0) ^ 1;
            copy.objects.set(key, damaged);
          }),
        ),
        change("one byte more in", key, (copy) => copy.objects.set(key, Buffer.concat([content, Buffer.from(" ")]))),
        change("removed", key, (copy) => copy.objects.delete(key)),
        change("inserted beside", key, (copy) => copy.objects.set(`${key}-2`, content)),
        ...other.map((one) =>
          change(`exchanged with ${one}`, key, (copy) => {
            copy.objects.set(key, copy.objects.get(one) as Buffer).set(one, content);
          }),
        ),
      ];
    });
  };

  it("fails for every single alteration, removal, exchange and insertion, and names the object", async () => {
    await fc.assert(
      fc.asyncProperty(someRecords, async (records) => {
        const { trail, asOf } = await grown(records.map((record) => ({ ...record, late: 0 })));
        for (const [name, copy, key] of touched(trail)) {
          const { problems } = await verified(copy, asOf);
          const stem = key.replace(/\.sig$/, "");
          const isNamed = problems.some((problem) => problem.key.startsWith(stem));
          if (!isNamed) throw new Error(`not found: ${name}; ${JSON.stringify(problems)}`);
        }
      }),
      { numRuns: runs(20) },
    );
  });

  it.each([
    ["an altered record", (trail: MemoryTrail) => trail.objects.set(FIRST, Buffer.from("{}")), [`altered ${FIRST}`]],
    ["a removed record", (trail: MemoryTrail) => trail.objects.delete(FIRST), [`missing ${FIRST}`]],
    ["a record that was added later", (trail: MemoryTrail) => trail.objects.set(`${FIRST}2`, Buffer.from("{}")), [`inserted ${FIRST}2`]],
    ["an object at another place", (trail: MemoryTrail) => trail.objects.set("notes.txt", Buffer.from("")), ["inserted notes.txt"]],
    [
      "a record with a date that doesn't exist",
      (trail: MemoryTrail) => trail.objects.set("events/2026/02/30/00/a", Buffer.from("")),
      ["inserted events/2026/02/30/00/a"],
    ],
    ["a removed signature", (trail: MemoryTrail) => trail.objects.delete(signatureKey(BEGIN + 2)), [`missing ${signatureKey(BEGIN + 2)}`]],
    [
      "a removed digest",
      (trail: MemoryTrail) => [digestKey, signatureKey].map((name) => trail.objects.delete(name(BEGIN + 2))),
      [`missing ${digestKey(BEGIN + 2)}`],
    ],
    [
      "the newest digest removed",
      (trail: MemoryTrail) => [digestKey, signatureKey].map((name) => trail.objects.delete(name(BEGIN + 3))),
      [`missing ${digestKey(BEGIN + 3)}`, `inserted ${keyOf(ONE[2] as Written, 2)}`],
    ],
    [
      "the first digest removed",
      (trail: MemoryTrail) => [digestKey, signatureKey].map((name) => trail.objects.delete(name(BEGIN))),
      [`missing ${digestKey(BEGIN)}`, `inserted ${FIRST}`],
    ],
  ] as const)("names %s", async (_, touch, expected) => {
    const { trail, asOf } = await grown();
    touch(trail);
    expect((await lines(trail, asOf)).sort()).toEqual(expect.arrayContaining([...expected]));
  });

  it("fails if a record was deleted before its digest, or written again, as versions show, and not after its retention", async () => {
    const { trail, asOf } = await grown();
    const early = `commands/${pathOf(BEGIN + 1)}/a/b/early.json`;
    const next = digestKey(BEGIN + HOURS);
    const of = (...deleted: readonly string[]) => ({ deleted: deleted.map((key) => ({ key })), overwritten: [] });
    trail.changed = () => Promise.resolve({ ...of(early, next, `commands/${pathOf(BEGIN - 9)}/a.json`), overwritten: [{ key: SECOND }] });
    expect([...(await lines(trail, asOf))].sort()).toEqual([`altered ${SECOND}`, `missing ${early}`, `missing ${next}`]);
    expect((await verified(trail, asOf)).versions).toBe(true);
    expect(await lines(trail, asOf + 3651 * DAY)).not.toContain(`missing ${early}`);
    trail.objects.delete(FIRST);
    trail.changed = () => Promise.resolve(of(FIRST));
    expect(await lines(trail, asOf)).toEqual([`missing ${FIRST}`]);
  });

  it("is said to be verified without versions, if they can't be read", async () => {
    const { trail, asOf } = await grown();
    trail.changed = () => Promise.reject(new Error("GET s3://audit/: AccessDenied"));
    expect(await verified(trail, asOf)).toMatchObject({ problems: [], versions: false });
    trail.changed = () => Promise.reject(new Error("GET s3://audit/: SlowDown"));
    await expect(verified(trail, asOf)).rejects.toThrow("SlowDown");
  });

  it("fails if a record is of an hour that has not begun", async () => {
    const { trail, asOf } = await grown();
    const key = `commands/${pathOf(BEGIN + HOURS + 50)}/a/b/c.json`;
    trail.objects.set(key, Buffer.from("{}"));
    expect(await lines(trail, asOf)).toEqual([`inserted ${key}`]);
  });

  it("fails under a key that did not sign it, at every digest", async () => {
    const { trail, asOf } = await grown();
    const found = await lines(trail, asOf, { key: OTHER_KEY });
    expect(found).toEqual([0, 1, 2, 3].map((hour) => `unsigned ${digestKey(BEGIN + hour)}`));
  });

  it("fails if its signer wrote a new chain, against a digest that is known from elsewhere", async () => {
    const { trail, asOf } = await grown();
    const { head } = await verified(trail, asOf);
    const rewritten = await grown(ONE.slice(1));
    expect(await lines(rewritten.trail, asOf)).toEqual([]);
    expect(await lines(rewritten.trail, asOf, { head })).toEqual([`missing ${head}`]);
    expect(await lines(trail, asOf, { head })).toEqual([]);
  });

  it("fails if it is empty", async () => {
    expect(await lines(new MemoryTrail(), digestedAt(BEGIN))).toEqual([`missing ${digestKey(BEGIN)}`]);
  });
});

describe("the digester", () => {
  it("leaves a valid chain if it is killed before or after any operation, and run again", async () => {
    // Records, an hour without any, and an outage of two hours, which one run makes up for.
    const records = ONE.map((record) => ({ ...record, late: 0 }));
    let kills = 0;
    for (let killAt = 0; ; killAt++) {
      const trail = new MemoryTrail();
      const last = await grow(trail, records, async (now) => {
        if (now === digestedAt(BEGIN + 1)) return;
        if (now === digestedAt(BEGIN + 2)) {
          const run = digester(killedTrail(trail, killAt)).run(now);
          await run.catch((error) => {
            if (!(error instanceof Killed)) throw error;
            kills++;
          });
        }
        await digester(trail).run(now);
      });
      expect(await verified(trail, digestedAt(last))).toMatchObject({ problems: [], records: records.length });
      if (kills <= killAt) break;
    }
    expect(kills).toBeGreaterThan(25);
  });

  it("leaves out no record that it can't read", async () => {
    const { trail, asOf } = await grown();
    const key = `commands/${pathOf(BEGIN + HOURS)}/a/b/c.json`;
    trail.objects.set(key, Buffer.from("{}"));
    trail.get = async (name) => (name === key ? undefined : trail.objects.get(name));
    await expect(digester(trail).run(asOf + HOUR)).rejects.toThrow(`${key}: is listed, but can't be read`);
    expect(trail.objects.has(digestKey(BEGIN + HOURS))).toBe(false);
  });

  it("has nothing to do twice", async () => {
    const { trail, asOf } = await grown();
    const before = new Map(trail.objects);
    await digester(trail).run(asOf);
    expect(trail.objects).toEqual(before);
  });

  it("does not sign a digest that it did not write", async () => {
    const { trail, asOf } = await grown();
    trail.objects.delete(signatureKey(BEGIN + 3));
    const key = digestKey(BEGIN + 3);
    const forged = (change: object) =>
      trail.objects.set(key, Buffer.from(`${JSON.stringify({ ...JSON.parse(String(trail.objects.get(key))), ...change }, null, 1)}\n`));
    const { records } = JSON.parse(String(trail.objects.get(key)));
    forged({ records: records.map((record: object) => ({ ...record, sha256: "0".repeat(64) })) });
    await expect(digester(trail).run(asOf)).rejects.toThrow(
      `${key}: has no signature and lists ${records[0].key} with another content; it is not signed`,
    );
    forged({ records, sequence: 7 });
    await expect(digester(trail).run(asOf)).rejects.toThrow(`${key}: has no signature and does not continue the chain; it is not signed`);
    forged({ sequence: 3, bucket: "other" });
    await expect(digester(trail).run(asOf)).rejects.toThrow(`${key}: has no signature and belongs to another place; it is not signed`);
    forged({ bucket: "audit" });
    await digester(trail).run(asOf);
    expect(await lines(trail, asOf)).toEqual([]);
  });

  it("does not continue a digest of the future or an unreadable one", async () => {
    const { trail, asOf } = await grown();
    await expect(digester(trail).run(asOf - 3 * HOUR)).rejects.toThrow(`${digestKey(BEGIN + 3)}: its hour has not ended`);
    trail.objects.set(digestKey(BEGIN + 3), Buffer.from("{}"));
    await expect(digester(trail).run(asOf + HOUR)).rejects.toThrow(`${digestKey(BEGIN + 3)}: is no digest that this program wrote`);
  });
});

/** The same objects and locks for a client that is killed. */
function killedTrail(trail: MemoryTrail, killAt: number): MemoryTrail {
  const client = new MemoryTrail();
  Object.assign(client, { objects: trail.objects, locks: trail.locks, killAt });
  return client;
}
