import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isProtected } from "../../stacks/model/exceptions";
import type { Contents, Described } from "./contents";
import type { Context } from "./context";
import { shapesIn } from "./diagram/parts";
import { differenceStyles, differences } from "./differences";
import { counted, html, idOf, MANY, Markup, whole } from "./html";
import { TOPICS } from "./topics";

/** Nothing is loaded and nothing runs, whatever the page contains. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** The whole report: one page, without scripts, that loads nothing. */
export function pageOf(contents: Contents, context: Context): string {
  const { systems, environments, today } = contents;
  const title = `${systems.join(", ")}: environments`;
  const first = firstShown(environments);
  const styles = [sheet("page.css"), stackedStyles(), chosenStyles(environments), differenceStyles(environments.length)];
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Markup(styles.join("\n"))}</style>
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header>
<p class="eyebrow">Architecture report</p>
<h1>${systems.join(", ")}</h1>
<p class="lead">${counted(environments.length, "environment")}, as of <time datetime="${today}">${today}</time>. Derived from the same description as the Terraform stacks.</p>
<fieldset class="choice"><legend>Show</legend>
${environments.map((environment, index) => card(environment, index, environment === first))}
${environments.length > 1 && html`<label class="all"><input type="radio" name="environment" id="show-all"><span class="name">All environments</span></label>`}
</fieldset>
</header>
<main id="content">
${environments.map((environment, index) => articleOf(environment, index, context))}
<section id="differences" class="topic"><h2>Differences between environments</h2>
${differences(environments)}</section>
</main>
<footer><p>Written by <code>cdktf-cqrs report</code>. The page loads nothing from a network and runs no scripts.</p></footer>
</body>
</html>
`.text;
}

/** The environment that a reader most likely looks for: protected, and the largest. */
function firstShown(environments: readonly Described[]): Described | undefined {
  const size = ({ part }: Described) => part.stacks.reduce((sum, { resources }) => sum + resources, 0);
  return [...environments].sort(
    (one, other) => Number(isProtected(other.system)) - Number(isProtected(one.system)) || size(other) - size(one),
  )[0];
}

/** Numbers of an environment at a glance. Choosing the card shows the environment. */
function card({ name, part, diagram, warnings }: Described, index: number, checked: boolean): Markup {
  const stores = shapesIn(diagram.areas).filter(({ kind }) => kind === "store").length;
  const facts = [counted(part.workloads.length, "workload"), counted(stores, "store"), counted(part.stacks.length, "stack")];
  const remarks = [
    part.exceptions.length > 0 && counted(part.exceptions.length, "exception"),
    warnings.length > 0 && counted(warnings.length, "warning"),
  ].filter((remark) => remark !== false);
  return html`<label class="card"><input type="radio" name="environment" id="show-${index}"${checked && new Markup(" checked")}>
<span class="name">${name}</span>
<span class="place">${whole(part.place)}</span>
<span class="facts">${facts.map((fact, index) => html`${index > 0 && " · "}<span class="whole">${fact}</span>`)}</span>
<span class="remarks">${remarks.length > 0 ? html`<span class="warn">${remarks.join(", ")}</span>` : html`<span class="good">no exceptions</span>`}</span></label>`;
}

function articleOf(environment: Described, index: number, context: Context): Markup {
  const { name, part } = environment;
  return html`<article id="${idOf(name)}" class="environment of-environment-${index}">
<nav aria-label="Topics of ${name}"><ul>${TOPICS.map(({ id, title }) => html`<li><a href="#${idOf(name, id)}">${title}</a></li>`)}<li><a href="#differences">Differences</a></li></ul></nav>
<div class="body">
<h2>${name}</h2>
<p class="lead">${sentence(environment)}</p>
<p class="place">${whole(part.place)}</p>
${TOPICS.map(
  ({ id, title, of }) => html`<section id="${idOf(name, id)}" class="topic"><h3>${title}</h3>
${of(environment, context)}</section>
`,
)}</div>
</article>
`;
}

/** An environment in a sentence. */
function sentence({ system, part, sites }: Described): string {
  const { domains, stores } = system;
  const running = `${counted(part.workloads.length, "workload")} in ${counted(domains.length, "domain")}`;
  const place = `on ${counted(sites.length, "cluster")}`;
  const data = stores.length > 0 ? `, with ${counted(stores.length, "store")}: ${stores.map(({ name }) => name).join(", ")}` : "";
  const ways = part.publicEndpoints.length > 0 ? `; reachable at ${counted(part.publicEndpoints.length, "public endpoint")}` : "";
  return `${running} ${place}${data}${ways}.`;
}

function sheet(file: string): string {
  return readFileSync(join(__dirname, file), "utf8");
}

/** Rules that stack the rows of tables on narrow screens, and of tables with many columns on wider ones. */
function stackedStyles(): string {
  const stacked = sheet("stacked.css");
  const many = stacked.replaceAll('[role="table"]', `.${MANY}[role="table"]`);
  return `@media screen and (max-width: 849px) {\n${stacked}}\n@media screen and (max-width: 1439px) {\n${many}}`;
}

/** Rules that show the chosen environment. Browsers without :has() show all. */
function chosenStyles(environments: readonly Described[]): string {
  return environments
    .map((_, index) => `body:has(#show-${index}:checked) .environment:not(.of-environment-${index}){display:none}`)
    .join("\n");
}
