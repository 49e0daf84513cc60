import { type Contents, contentsOf } from "../../cli/report/contents";
import type { Context } from "../../cli/report/context";
import { pageOf } from "../../cli/report/page";
import type { Program } from "../../stacks";
import { synthesisOf } from "../program";
import { fewOf } from "../thorough";

export const TODAY = "2026-11-28";

/** The report about environments of a program, or about all of them. */
export async function pageAbout(program: Program, context: Partial<Context> = {}, names = namesOf(program)): Promise<string> {
  const contents = await aboutAll(program);
  return pageOf(
    { ...contents, environments: contents.environments.filter(({ name }) => names.includes(name)) },
    { directory: ".", ...context },
  );
}

/** What the report about all environments of a program contains. */
export function aboutAll(program: Program): Promise<Contents> {
  const known = gathered.get(program) ?? gather(program);
  gathered.set(program, known);
  return known;
}

const gathered = new WeakMap<Program, Promise<Contents>>();

/** What the report about environments of a program contains, gathered anew. */
export function gather(program: Program, names = namesOf(program)): Promise<Contents> {
  return contentsOf({ program, synthesis: synthesisOf(program), names, warnings: [], today: TODAY });
}

/** Environments of the reference system that have nothing to show that its others don't have. */
const ALIKE = ["dev", "staging"];

/** The names of a program's environments. */
export function namesOf({ environments }: Program): readonly string[] {
  const names = environments.map(({ name }) => name);
  return fewOf(
    names,
    names.filter((name) => !ALIKE.includes(name)),
  );
}

/** Elements that have no end tag (HTML, void elements). */
const VOID = ["br", "col", "hr", "img", "input", "link", "meta"];

/** What is wrong with the nesting of elements and with their attributes, and ids that stand twice. */
export function faultsIn(page: string): readonly string[] {
  const open: string[] = [];
  const faults: string[] = [];
  const withoutStyles = page.replace(/^<!DOCTYPE html>/, "").replace(/<style>[^<]*<\/style>/, "");
  for (const [tag, end, name = "", attributes = "", own] of withoutStyles.matchAll(/<(\/?)([a-zA-Z][\w-]*)((?:"[^"]*"|[^"<>])*?)(\/?)>/g)) {
    if (end) {
      const last = open.pop();
      if (last !== name) faults.push(`${tag} ends ${last}`);
    } else if (!own && !VOID.includes(name)) open.push(name);
    if (!/^(\s+[\w:-]+(="[^"<]*")?)*\s*$/.test(attributes)) faults.push(`attributes of ${tag}`);
  }
  faults.push(...open.map((name) => `${name} does not end`));
  const rest = withoutStyles.replace(/<(\/?)([a-zA-Z][\w-]*)((?:"[^"]*"|[^"<>])*?)(\/?)>/g, "");
  if (/[<>]/.test(rest)) faults.push(`a bare angle bracket: ${/.{0,40}[<>].{0,40}/.exec(rest)?.[0]}`);
  for (const [found] of rest.matchAll(/&(?!(amp|lt|gt|quot|#39);).{0,10}/g)) faults.push(`a bare ampersand: ${found}`);
  const ids = [...withoutStyles.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
  faults.push(...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `id ${id} stands twice`));
  return faults;
}
