import { readFileSync } from "node:fs";
import { accounts } from "../../environments/accounts";
import { production } from "../../environments/production";
import type { Environment } from "../../stacks";
import { released } from "../../stacks/release";
import { Wrong } from "../aws/results";
import { synthesisOf } from "../program";
import type { Body } from "../synth";
import { planOf } from "./plans";

const PAGE = "docs/releases.md";

const image = (name: string, version: string) => `registry.example.com/orders/${name}:${version}`;

const FILE = production.release.workloads;
const SLOTS = { blue: image("command-api", "1.0.0"), green: image("command-api", "1.1.0") };
const commandApi = (entry: object) => released(production, { ...FILE, "command-api": { live: "blue", slots: SLOTS, ...entry } });
const readModel = (live: "a" | "b", slots: object): Environment => ({
  ...production,
  projections: { ...production.projections, readModel: { live, slots } },
});

const FILLED = commandApi({});
const SHARED = commandApi({ preview: true, weights: { blue: 90, green: 10 } });
const SWITCHED = commandApi({ live: "green", preview: true });
const A = { a: { partitions: 50 } };
const B = { b: { partitions: 80, image: image("projections", "2.0.0") } };

/** What is released on the page, and the stacks that are planned for it. */
const MOVES: readonly {
  readonly what: string;
  readonly from: Environment;
  readonly to: Environment;
  readonly stacks: readonly string[];
}[] = [
  {
    what: "a version comes in by rolling",
    from: production,
    to: released(production, { ...FILE, "command-processors": { image: image("processors", "1.1.0") } }),
    stacks: ["write-side"],
  },
  { what: "a version comes into the idle slot", from: production, to: FILLED, stacks: ["write-side"] },
  { what: "it is shown", from: FILLED, to: commandApi({ preview: true }), stacks: ["write-side"] },
  { what: "it has a share", from: commandApi({ preview: true }), to: SHARED, stacks: ["write-side"] },
  { what: "requests are turned", from: SHARED, to: SWITCHED, stacks: ["write-side"] },
  { what: "they are turned back", from: SWITCHED, to: commandApi({ preview: true }), stacks: ["write-side"] },
  {
    what: "the old slot is emptied",
    from: SWITCHED,
    to: commandApi({ live: "green", slots: { green: SLOTS.green } }),
    stacks: ["write-side"],
  },
  { what: "a read model is built", from: production, to: readModel("a", { ...A, ...B }), stacks: ["migrations", "projections"] },
  {
    what: "it is read",
    from: readModel("a", { ...A, ...B }),
    to: readModel("b", { ...A, ...B }),
    stacks: ["migrations", "projections"],
  },
  { what: "the old one is let go", from: readModel("b", { ...A, ...B }), to: readModel("b", B), stacks: ["migrations", "projections"] },
];

/** Whether the page shows what is planned, and nothing else is. @throws Wrong */
export function checkReleases(): void {
  const page = readFileSync(PAGE, "utf8");
  const wrong = MOVES.flatMap(({ what, from, to, stacks }) => {
    const plans = plansOf(from, to);
    const others = [...plans.keys()].filter((id) => !stacks.includes(id));
    const unsaid = stacks.filter((id) => !page.includes(`\n\`\`\`text\n${plans.get(id)}\n\`\`\`\n`));
    return [
      ...others.map((id) => `${what}: ${id} changes as well`),
      ...unsaid.map((id) => `${what}: ${PAGE} does not say of ${id}\n${plans.get(id)}`),
    ];
  });
  if (wrong.length > 0) throw new Wrong(wrong.join("\n"));
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
