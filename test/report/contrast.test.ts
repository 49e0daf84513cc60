import { readFileSync } from "node:fs";

const CSS = readFileSync("cli/report/page.css", "utf8");
const [light = "", dark = ""] = [/:root \{([^}]*)\}/, /@media screen and \(prefers-color-scheme: dark\) \{\s*:root \{([^}]*)\}/].map(
  (block) => block.exec(CSS)?.[1] ?? "",
);

type Colors = Readonly<Record<string, string>>;
const colorsIn = (block: string): Colors =>
  Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]+);/g)].map(([, name, to]) => [name, to]));
const SCHEMES = { light: colorsIn(light), dark: colorsIn(dark) } as const;

/** Relative luminance of a color, and contrast of two (WCAG 2.2, definitions). */
function luminance(color: string): number {
  const digits = color.length === 4 ? [...color.slice(1)].map((digit) => digit + digit) : color.slice(1).match(/../g);
  const [red = 0, green = 0, blue = 0] = (digits ?? []).map((pair) => {
    const part = Number.parseInt(pair, 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [lighter = 0, darker = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

const TEXT = ["ink", "muted", "accent", "good", "warn", "bad"];
const BEHIND_TEXT = ["paper", "surface", "sunken", "accent-soft", "mark", "cluster", "namespace", "workload", "store"];
const LINES = ["request", "call", "use", "egress", "muted", "accent"];
const BEHIND_LINES = ["paper", "surface", "accent-soft", "cluster", "namespace", "workload", "store", "rule"];

/** Pairs of colors with less contrast than WCAG AA requires: 4.5 for text, 3 for lines, bars and the focus ring. */
const tooWeak = (colors: Colors) =>
  [[TEXT, BEHIND_TEXT, 4.5] as const, [LINES, BEHIND_LINES, 3] as const].flatMap(([fronts, backs, least]) =>
    fronts.flatMap((front) =>
      backs.filter((back) => !(contrast(colors[front] ?? "", colors[back] ?? "") >= least)).map((back) => `${front} on ${back}`),
    ),
  );

describe("the colors of the report", () => {
  it.each(Object.entries(SCHEMES))("contrast enough with what is behind them: %s", (_, colors) => {
    expect(tooWeak(colors)).toEqual([]);
  });

  it("are all compared", () => {
    const names = Object.keys(SCHEMES.light).sort();
    expect(Object.keys(SCHEMES.dark).sort()).toEqual(names);
    expect([...new Set([...TEXT, ...BEHIND_TEXT, ...LINES, ...BEHIND_LINES])].sort()).toEqual(names);
    expect(
      CSS.replace(light, "")
        .replace(dark, "")
        .match(/#[0-9a-f]{3,8}\b(?=;)/g),
    ).toEqual(["#fff"]); // the paper of a printer
  });

  it("are found too weak where they are", () => {
    expect(contrast("#000", "#ffffff")).toBeCloseTo(21);
    expect(contrast("#767676", "#fff")).toBeCloseTo(4.54, 2);
    expect(tooWeak({ ...SCHEMES.light, muted: "#8a94a0" })).toContain("muted on surface");
  });
});
