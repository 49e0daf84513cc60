import { readFileSync } from "node:fs";
import type { Environment } from "../stacks";
import { released } from "../stacks/model/release";
import { accounts } from "../test/fixtures/environments/accounts";
import { production } from "../test/fixtures/environments/production";
import { planOf } from "../test/manifests/plans";
import { synthesisOf } from "../test/program";
import type { Body } from "../test/synth";

export const RELEASES = "docs/releases.md";

const image = (name: string, version: string) => `registry.example.com/orders/${name}:${version}`;

const FILE = production.release.workloads;
const SLOTS = { blue: image("command-api", "1.0.0"), green: image("command-api", "1.1.0") };
const commandApi = (entry: object) => released(production, { ...FILE, "command-api": { live: "blue", slots: SLOTS, ...entry } });
const readModel = (live: "a" | "b", slots: object): Environment => ({
  ...production,
  projections: { ...production.projections, readModel: { live, slots } },
});

const FILLED = commandApi({});
const SHOWN = commandApi({ preview: true });
const SHARED = commandApi({ preview: true, weights: { blue: 90, green: 10 } });
const SWITCHED = commandApi({ live: "green", preview: true });
const A = { a: { partitions: 50 } };
const B = { b: { partitions: 80, image: image("projections", "2.0.0") } };
const TURNED = readModel("b", { ...A, ...B });
const BUILT = readModel("a", { ...A, ...B });

/** A step of a release, and the place of the page that shows what is planned of each stack; some are planned alike. */
interface Move {
  readonly from: Environment;
  readonly to: Environment;
  readonly shown: Readonly<Record<string, string>>;
}

const MOVES: readonly Move[] = [
  {
    from: production,
    to: released(production, { ...FILE, "command-processors": { image: image("processors", "1.1.0") } }),
    shown: { "write-side": "rolling" },
  },
  { from: production, to: FILLED, shown: { "write-side": "fill" } },
  { from: FILLED, to: SHOWN, shown: { "write-side": "route" } },
  { from: SHOWN, to: SHARED, shown: { "write-side": "route" } },
  { from: SHARED, to: SWITCHED, shown: { "write-side": "route" } },
  { from: SWITCHED, to: SHOWN, shown: { "write-side": "route" } },
  { from: SWITCHED, to: commandApi({ live: "green", slots: { green: SLOTS.green } }), shown: { "write-side": "empty" } },
  { from: production, to: BUILT, shown: { migrations: "read-model", projections: "build" } },
  { from: BUILT, to: TURNED, shown: { migrations: "read-model", projections: "turn" } },
  { from: TURNED, to: BUILT, shown: { migrations: "read-model", projections: "turn" } },
  { from: TURNED, to: readModel("b", B), shown: { migrations: "read-model", projections: "let-go" } },
];

/** The page of releases with what is planned of each step. @throws Error where it has no place for what is planned */
export function releases(): string {
  const plans = new Map<string, string>();
  for (const { from, to, shown } of MOVES) {
    const planned = plansOf(from, to);
    for (const [stack, place] of Object.entries(shown)) if (!planned.has(stack)) throw new Error(`${place}: ${stack} does not change`);
    for (const [stack, plan] of planned) {
      const place = shown[stack] ?? `${stack} as well`;
      if ((plans.get(place) ?? plan) !== plan) throw new Error(`not all that is shown as ${place} is planned alike:\n${plan}`);
      plans.set(place, plan);
    }
  }
  return [...plans].reduce(
    (page, [place, plan]) => {
      const found = new RegExp(`(?<=<!-- generated:${place} -->\n)[^]*?(?=<!-- /generated -->)`);
      if (!found.test(page)) throw new Error(`${RELEASES} has no place for ${place}:\n${plan}`);
      return page.replace(found, () => `\`\`\`text\n${plan}\n\`\`\`\n`);
    },
    readFileSync(RELEASES, "utf8"),
  );
}

/** What is planned of each stack that changes. */
function plansOf(from: Environment, to: Environment): ReadonlyMap<string, string> {
  const [was, is] = [from, to].map((environment) => {
    const { stacks } = synthesisOf(programOf(environment));
    return new Map([...stacks].filter(([, { json }]) => json).map(([id, { json }]) => [id, json as Body]));
  });
  const ids = [...new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])];
  const plans = ids.map((id) => [id.replace("production-", ""), planOf(was?.get(id) ?? {}, is?.get(id) ?? {})] as const);
  return new Map(plans.filter(([, plan]) => plan.includes("#")));
}

const programs = new Map<Environment, { accounts: typeof accounts; environments: readonly Environment[] }>();

/** The same one for the same environment, so that it is synthesized once. */
function programOf(environment: Environment) {
  const program = programs.get(environment) ?? { accounts, environments: [environment] };
  programs.set(environment, program);
  return program;
}
