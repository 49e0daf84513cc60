import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DrawnDashboard, draw } from "./drawing/dashboard";
import { day, NOW } from "./drawing/day";
import { THEMES } from "./drawing/svg";

const IMAGES = "docs/images";
const DASHBOARDS = "constructs/observability/dashboards";

/** Dashboards that the documents show, by the name of their image. */
export const DRAWN = { overview: "overview", projections: "projections", kurrentdb: "kurrentdb", domain: "domain" } as const;

type DrawnName = keyof typeof DRAWN;
export const NAMES = Object.keys(DRAWN) as readonly DrawnName[];

/** A dashboard as synthesis delivers it: the template of domains with the name of one. */
export function drawn(file: string): DrawnDashboard {
  const json = readFileSync(join(DASHBOARDS, `${file}.json`), "utf8");
  return JSON.parse(json.replaceAll("__DOMAIN__", "marketplace").replaceAll("__NAMESPACE__", "marketplace"));
}

/** Images of dashboards on a dark and on a light page, drawn from a synthetic day. */
export function images(names: readonly DrawnName[] = NAMES): ReadonlyMap<string, string> {
  const today = { metrics: day(), now: NOW, hours: 24, answers: new Map() };
  return new Map(
    names.flatMap((name) =>
      (["dark", "light"] as const).map((theme) => [
        join(IMAGES, `observability-${name}-${theme}.svg`),
        draw(drawn(DRAWN[name]), { ...today, theme: THEMES[theme] }),
      ]),
    ),
  );
}

export function writeImages(): void {
  mkdirSync(IMAGES, { recursive: true });
  for (const [file, svg] of images()) writeFileSync(file, svg);
}
