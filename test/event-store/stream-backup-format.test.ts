import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { Draft, hashOf, type Link, start, unpack } from "../../constructs/event-store/stream-backup/format";

const GENERATION = "20261101T000000Z";

/** Two objects of a chain. */
function chain(): readonly { readonly key: string; readonly body: Buffer; readonly link: Link }[] {
  const first = drafted(start(GENERATION), 10n);
  return [first, drafted(first.link, 50n)];
}

function drafted(previous: Link, from: bigint) {
  const draft = new Draft(previous);
  for (const step of [1n, 2n, 3n]) {
    const position = { commit: from + step, prepare: from + step };
    const rest = { id: `id-${from + step}`, type: "Placed", json: true, created: "1", data: Buffer.from("{}"), metadata: Buffer.alloc(0) };
    draft.add({ stream: "order-1", revision: from + step, position, ...rest });
  }
  return draft.finish(true, new Date("2026-11-01T00:00:00Z"));
}

const [first, second] = chain() as [ReturnType<typeof drafted>, ReturnType<typeof drafted>];
const LINES = gunzipSync(second.body).toString().split("\n").slice(0, -1);

/** Error of the object with other lines. Its SHA-256, and that of its events, are recorded anew: only what they say is wrong. */
function refusal(lines: readonly string[], previous: Link | undefined = first.link): unknown {
  const trailer = JSON.parse(lines.at(-1) ?? "");
  const content = createHash("sha256").update(lines.slice(1, -1).join("\n")).update("\n").digest("hex");
  const last =
    typeof trailer === "object" && trailer && lines.at(-1) === LINES.at(-1) ? JSON.stringify({ ...trailer, content }) : lines.at(-1);
  const body = gzipSync(`${[...lines.slice(0, -1), last].join("\n")}\n`);
  try {
    unpack(second.key, body, hashOf(body), previous);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("an object of a stream backup", () => {
  it("is accepted as it was written", () => {
    expect(refusal(LINES)).toBeUndefined();
    expect(unpack(second.key, second.body, second.link.sha256 ?? "", first.link).link).toEqual(second.link);
  });

  const VALUES = [null, -1, 7, "x", "", [], {}, "9".repeat(30)];
  const fields = LINES.flatMap((line, at) => [undefined, ...Object.keys(JSON.parse(line))].map((field) => [at, field] as const));

  it.each(fields)("is refused with any other value in line %d: %s", (at, field) => {
    const object = JSON.parse(LINES[at] ?? "");
    for (const value of VALUES) {
      const changed = field === undefined ? value : { ...object, [field]: value };
      if (JSON.stringify(changed) === LINES[at]) continue;
      const error = refusal(LINES.with(at, JSON.stringify(changed)));
      // A TypeError or a SyntaxError would be a defect.
      expect({ value, kind: (error as Error | undefined)?.name }).toEqual({ value, kind: "Error" });
    }
  });

  it("is refused if it was complete before and is not now", () => {
    const trailer = JSON.parse(LINES.at(-1) ?? "");
    expect(refusal(LINES.with(-1, JSON.stringify({ ...trailer, complete: false })))).toEqual(
      new Error("completeness: false instead of true"),
    );
  });
});
