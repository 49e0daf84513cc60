import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Missing, Wrong } from "../aws/results";
import { until } from "../cluster/api";
import { RELEASE, released, VERSIONS } from "./environment";
import { command, inside, type Ran } from "./kubectl";
import { brought } from "./releases";
import type { Trial } from "./trial";

const { first, second } = VERSIONS;
const CONTEXT = "kind-orders";
const DATABASE = { namespace: "read-store", of: "read-database-1" };

const textOf = (page: string) => readFileSync(join(__dirname, "../../..", page), "utf8");

/** Code of a document in one language, block by block. */
function blocks(page: string, language: string): readonly string[] {
  const fenced = new RegExp(`^( *)\u0060{3}${language}\\n(.*?)^\\1\u0060{3}$`, "gms");
  return [...textOf(page).matchAll(fenced)].map(([, indent = "", code = ""]) => code.replaceAll(new RegExp(`^${indent}`, "gm"), ""));
}

/** A command within the text of a document. @throws Error if there is none */
export function mentioned(page: string, says: RegExp): string {
  const found = [...textOf(page).matchAll(/\u0060([^\u0060\n]+)\u0060/g)].map(([, code = ""]) => code).find((code) => says.test(code));
  if (!found) throw new Error(`${page} mentions no command any more that says ${says}`);
  return found;
}

/** The lines of a document's code that say something, in the order of the document. @throws Error if there is none */
export function printed(page: string, says: RegExp, language = "sh"): string {
  const lines = blocks(page, language)
    .flatMap((code) => code.split(/\n(?=\S)/))
    .filter((line) => says.test(line));
  if (lines.length === 0) throw new Error(`${page} prints no command any more that says ${says}`);
  return lines.join("\n");
}

/** Runs printed commands in one shell. @throws Wrong if one fails or prints something else */
export async function run(script: string, shows: readonly RegExp[]): Promise<Ran> {
  const ended = await command("bash", ["-euc", script], { seconds: 300 });
  const missing = shows.filter((pattern) => !pattern.test(ended.stdout));
  if (ended.status !== 0 || missing.length > 0)
    throw new Wrong(`${script}\nended with ${ended.status} and does not show ${missing.join(", ")}:\n${ended.stdout}\n${ended.stderr}`);
  return ended;
}

/** What README.md prints after `local` is there, as it is printed. */
export async function readme(trial: Trial): Promise<void> {
  await trial.check("README.md: an order is placed and listed through port-forwards", async () => {
    if ((await command("kubectl", ["config", "get-contexts", CONTEXT])).status !== 0) throw new Missing(`no context ${CONTEXT}`);
    const forwards = printed("README.md", /port-forward/);
    const script = [
      "trap 'kill $(jobs -p)' EXIT",
      // Their lines on connections are not what is looked at.
      forwards.replaceAll(" &", " >/dev/null &"),
      "for port in 8080 8081; do until (: </dev/tcp/127.0.0.1/$port) 2>/dev/null; do sleep 0.2; done; done",
      printed("README.md", /^curl -i/),
      // It is listed a moment after it was placed.
      "for _ in $(seq 60); do",
      `listed=$(${printed("README.md", /^curl localhost/).trim()})`,
      'case $listed in *\\"book\\"*) break ;; esac',
      "sleep 1",
      'done && echo "$listed"',
    ];
    await run(script.join("\n"), [/HTTP\/1.1 20[01]/, /"item":"book"/]);
    return "";
  });
}

/** What the documents on projections print. */
export async function projections(trial: Trial): Promise<void> {
  await trial.check("docs/projections.md: progress and health of projections are read, watched and cleared", async () => {
    const script = printed("docs/projections.md", /^select \* from projections\./, "sql");
    const psql = 'psql -h /tmp -U postgres -d read_database -X --set ON_ERROR_STOP=1 -c "$(cat)"';
    // Workers come and go meanwhile, and a slot is unwell until each of its partitions has one again.
    await until("projections are healthy", 90, async () => {
      const { status, stdout } = await inside(DATABASE, psql, script);
      return status === 0 && /\bhealthy/.test(stdout);
    });
    const { stdout: watched } = await run(printed("docs/projections.md", /^job=watch/), [/orders\/a \(live\): healthy/]);
    await run(printed("docs/projections.md", /^job=drop/), []);
    return watched.trim().split("\n").at(-1) ?? "";
  });
}

/** What the document on releases prints for a night without Terraform: back to the slot from before, and the way back into Terraform. */
export async function breakGlass(trial: Trial): Promise<void> {
  await trial.check("docs/releases.md: a switch is turned back without Terraform", async () => {
    await brought(trial, released({ blue: second, green: first }, "green"), "write-side");
    await run(printed("docs/releases.md", /^kubectl patch httproute/), [/patched/]);
    await trial.deployment.followRoutes("write-side");
    await trial.order("through the slot that was turned to by hand");
    await brought(trial, RELEASE, "write-side");
    await trial.order("through the same slot, by Terraform");
    return "";
  });
}
