import { keyOf, type Labels, type Metrics, evaluate as queried, type Sample } from "./promql";
import { escaped, px, type Theme, text, widthOf } from "./svg";
import { format } from "./units";

/** As much of a dashboard's JSON as is drawn. */
export interface DrawnDashboard {
  readonly title: string;
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly iconColor: string; readonly expr: string }[] };
  readonly panels: readonly DrawnPanel[];
}

interface Variable {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly current: { readonly value: string | readonly string[] };
}

interface Step {
  readonly value: number | null;
  readonly color: string;
}

interface Defaults {
  readonly unit?: string;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly noValue?: string;
  readonly mappings?: readonly { readonly options: Readonly<Record<string, { readonly text: string; readonly color: string }>> }[];
  readonly thresholds?: { readonly steps: readonly Step[] };
  readonly custom?: { readonly stacking?: { readonly mode: string }; readonly thresholdsStyle?: { readonly mode: string } };
}

interface Override {
  readonly matcher: { readonly options: string };
  readonly properties: readonly { readonly id: string; readonly value: unknown }[];
}

export interface DrawnPanel {
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly legendFormat?: string; readonly refId: string }[];
  readonly fieldConfig: { readonly defaults: Defaults; readonly overrides: readonly Override[] };
  readonly options: {
    readonly colorMode?: string;
    readonly graphMode?: string;
    readonly sortBy?: readonly { readonly displayName: string; readonly desc: boolean }[];
  };
  readonly transformations?: readonly { readonly id: string; readonly options: Organize }[];
}

interface Organize {
  readonly excludeByName?: Readonly<Record<string, boolean>>;
  readonly indexByName?: Readonly<Record<string, number>>;
  readonly renameByName?: Readonly<Record<string, string>>;
}

export interface Drawing {
  readonly metrics: Metrics;
  readonly theme: Theme;

  /** Seconds since 1970: the moment at which it is looked at. */
  readonly now: number;
  readonly hours: number;

  /** Answers by query and time, kept for the next drawing of the same day. */
  readonly answers: Map<string, readonly Sample[]>;
}

interface Line {
  readonly name: string;
  readonly values: readonly (number | undefined)[];
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const WIDTH = 1200;
const MARGIN = 8;
const GAP = 8;
const UNIT_HEIGHT = 32;
const HEADER = 52;
const POINTS = 144;

/** The whole page as an SVG image. */
export function draw(dashboard: DrawnDashboard, drawing: Drawing): string {
  const { theme } = drawing;
  const bottom = Math.max(...dashboard.panels.map(({ gridPos: { y, h } }) => y + h));
  const height = HEADER + bottom * UNIT_HEIGHT + MARGIN;
  const marks = annotations(dashboard, drawing);
  const panels = dashboard.panels.map((panel) => drawPanel(panel, drawing, marks)).join("\n");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${px(height)}" font-family="Inter,Roboto,'Helvetica Neue',Arial,'DejaVu Sans',sans-serif" font-size="12">`,
    `<title>${escaped(dashboard.title)}</title>`,
    `<rect width="${WIDTH}" height="${px(height)}" fill="${theme.page}"/>`,
    heading(dashboard, drawing),
    panels,
    "</svg>",
    "",
  ].join("\n");
}

/** Titles of panels that have nothing to show. */
export function emptyPanels({ panels }: DrawnDashboard, drawing: Drawing): readonly string[] {
  return panels
    .filter(
      ({ type, targets }) =>
        type !== "row" && targets.every(({ expr }) => answer(filled(expr, drawing), drawing, drawing.now).length === 0),
    )
    .map(({ title }) => title);
}

function heading({ title, templating }: DrawnDashboard, { theme, now, hours }: Drawing): string {
  const chips = templating.list
    .filter(({ type }) => type !== "datasource")
    .map(({ label, current }) => `${label}: ${[current.value].flat().join(", ").replace("$__all", "All")}`);
  const range = `Last ${hours} hours, until ${clock(now)} UTC`;
  let x = WIDTH - MARGIN - widthOf(range, 12) - 8;
  const parts = [
    text(MARGIN + 6, 33, title, { size: 20, color: theme.text, weight: 600 }),
    text(WIDTH - MARGIN - 6, 32, range, { color: theme.faint, anchor: "end" }),
  ];
  for (const chip of chips.reverse()) {
    const width = widthOf(chip, 12) + 20;
    x -= width + GAP;
    parts.push(
      `<rect x="${px(x)}" y="16" width="${px(width)}" height="24" rx="3" fill="${theme.panel}" stroke="${theme.border}"/>`,
      text(x + width / 2, 32, chip, { color: theme.text, anchor: "middle" }),
    );
  }
  return parts.join("\n");
}

function boxOf({ x, y, w, h }: DrawnPanel["gridPos"]): Box {
  const column = (WIDTH - 2 * MARGIN + GAP) / 24;
  return { x: MARGIN + x * column, y: HEADER + y * UNIT_HEIGHT, width: w * column - GAP, height: h * UNIT_HEIGHT - GAP };
}

function drawPanel(panel: DrawnPanel, drawing: Drawing, marks: readonly Mark[]): string {
  const { theme } = drawing;
  const box = boxOf(panel.gridPos);
  if (panel.type === "row") return text(box.x + 6, box.y + 17, `▾  ${panel.title}`, { size: 13, color: theme.text, weight: 600 });
  const inner = { x: box.x + 10, y: box.y + 28, width: box.width - 20, height: box.height - 36 };
  const content: Readonly<Record<string, () => string>> = {
    timeseries: () => chart(panel, inner, drawing, marks),
    stat: () => stat(panel, inner, drawing),
    bargauge: () => bars(panel, inner, drawing),
    table: () => table(panel, inner, drawing),
  };
  return [
    `<rect x="${px(box.x)}" y="${px(box.y)}" width="${px(box.width)}" height="${px(box.height)}" rx="3" fill="${theme.panel}" stroke="${theme.border}"/>`,
    text(box.x + 10, box.y + 19, panel.title, { size: 13, color: theme.text, weight: 600, width: box.width - 20 }),
    content[panel.type]?.() ?? "",
  ].join("\n");
}

/** A query as Grafana sends it: all values chosen, the range of a rate a little longer than a point of the chart. */
function filled(expr: string, { hours }: Pick<Drawing, "hours">): string {
  const step = (hours * 3600) / POINTS;
  return expr
    .replaceAll("$__rate_interval", `${step + 15}s`)
    .replaceAll("$__range", `${hours}h`)
    .replaceAll("$__interval", `${step}s`)
    .replace(/\$([a-z_]\w*)/gi, (_, name: string) => (name.endsWith("_price") ? "1" : ".*"));
}

function answer(query: string, { metrics, answers }: Drawing, time: number): readonly Sample[] {
  const key = `${time} ${query}`;
  const known = answers.get(key);
  if (known) return known;
  const found = queried(query, metrics, time);
  answers.set(key, found);
  return found;
}

function timesOf({ now, hours }: Drawing): readonly number[] {
  const step = (hours * 3600) / POINTS;
  return Array.from({ length: POINTS + 1 }, (_, index) => now - hours * 3600 + index * step);
}

function linesOf({ targets }: DrawnPanel, drawing: Drawing): readonly Line[] {
  const times = timesOf(drawing);
  const found = new Map<string, { name: string; values: (number | undefined)[] }>();
  for (const { expr, legendFormat = "", refId } of targets) {
    const query = filled(expr, drawing);
    times.forEach((time, index) => {
      for (const { labels, value } of answer(query, drawing, time)) {
        const key = refId + keyOf(labels);
        const line = found.get(key) ?? { name: named(legendFormat, labels), values: [] };
        line.values[index] = value;
        found.set(key, line);
      }
    });
  }
  return [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

function latestOf({ targets }: DrawnPanel, drawing: Drawing): readonly { readonly name: string; readonly value: number }[] {
  return targets.flatMap(({ expr, legendFormat = "" }) =>
    answer(filled(expr, drawing), drawing, drawing.now).map(({ labels, value }) => ({
      name: named(legendFormat, labels),
      value,
    })),
  );
}

function named(legend: string, labels: Labels): string {
  return legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => labels[label] ?? "");
}

interface Mark {
  readonly time: number;
  readonly color: string;
}

/** Beginnings of what annotations show. */
function annotations({ annotations: { list } }: DrawnDashboard, drawing: Drawing): readonly Mark[] {
  return list.flatMap(({ expr, iconColor }) => {
    const query = filled(expr, drawing);
    const marks: Mark[] = [];
    let before = 0;
    for (let time = drawing.now - drawing.hours * 3600; time <= drawing.now; time += 60) {
      const count = answer(query, drawing, time).length;
      if (count > before) marks.push({ time, color: iconColor });
      before = count;
    }
    return marks;
  });
}

function chart(panel: DrawnPanel, box: Box, drawing: Drawing, marks: readonly Mark[]): string {
  const { theme, now, hours } = drawing;
  const { unit = "short", decimals, min = 0, max, thresholds, custom } = panel.fieldConfig.defaults;
  const lines = linesOf(panel, drawing);
  if (lines.length === 0) return text(box.x + box.width / 2, box.y + box.height / 2, "No data", { color: theme.faint, anchor: "middle" });
  const stacked = custom?.stacking?.mode === "normal";
  const shown = Math.min(lines.length, Math.max(2, Math.floor((box.height * 0.36) / 16)));
  const legendHeight = (shown + 1) * 16 + 4;
  const tops = stacked ? stack(lines) : lines.map(({ values }) => values);
  const limits = custom?.thresholdsStyle ? (thresholds?.steps ?? []).filter(({ value }) => value !== null) : [];
  const highest = Math.max(0, ...tops.flat().filter((value) => value !== undefined));
  // A limit far above what there is would press the lines to the bottom.
  const near = limits.map(({ value }) => value ?? 0).filter((value) => value <= highest * 3 || highest === 0);
  const wanted = Math.max(highest, ...near);
  const ticks = ticksOf(min, max === undefined ? wanted * 1.05 : Math.min(max, wanted * 1.1), unit);
  const top = ticks.at(-1) ?? 1;
  const labels = ticks.map((tick) => format(tick, unit, decimals === undefined ? undefined : Math.min(decimals, 2)));
  const left = Math.max(...labels.map((label) => widthOf(label, 11))) + 8;
  const area: Box = { x: box.x + left, y: box.y + 4, width: box.width - left, height: box.height - legendHeight - 24 };
  const xOf = (time: number) => area.x + ((time - (now - hours * 3600)) / (hours * 3600)) * area.width;
  const yOf = (value: number) => area.y + area.height - ((Math.min(value, top) - min) / (top - min || 1)) * area.height;
  const times = timesOf(drawing);
  const parts: string[] = [];
  ticks.forEach((tick, index) => {
    parts.push(
      `<path d="M${px(area.x)} ${px(yOf(tick))}h${px(area.width)}" stroke="${theme.grid}"/>`,
      text(area.x - 6, yOf(tick) + 4, labels[index] ?? "", { size: 11, color: theme.faint, anchor: "end" }),
    );
  });
  const step = area.width < 300 ? 6 : area.width < 560 ? 4 : 3;
  for (let hour = Math.ceil((now / 3600 - hours) / step) * step; hour * 3600 <= now; hour += step) {
    const x = xOf(hour * 3600);
    if (x > area.x + area.width - 14 || x < area.x + 14) continue;
    parts.push(
      `<path d="M${px(x)} ${px(area.y)}v${px(area.height)}" stroke="${theme.grid}"/>`,
      text(x, area.y + area.height + 16, clock(hour * 3600), { size: 11, color: theme.faint, anchor: "middle" }),
    );
  }
  for (const { time, color } of marks) {
    const x = xOf(time);
    parts.push(
      `<path d="M${px(x)} ${px(area.y)}v${px(area.height)}" stroke="${theme.colors[color]}" stroke-dasharray="3 3" opacity=".8"/>`,
      `<path d="M${px(x - 4)} ${px(area.y + area.height + 5)}h8l-4 -5z" fill="${theme.colors[color]}"/>`,
    );
  }
  for (const { value, color } of limits) {
    if (value === null || value > top) continue;
    parts.push(
      `<path d="M${px(area.x)} ${px(yOf(value))}h${px(area.width)}" stroke="${theme.colors[color]}" stroke-width="1.5" stroke-dasharray="8 5"/>`,
    );
  }
  lines.forEach((_, index) => {
    const color = theme.palette[index % theme.palette.length];
    const values = tops[index] ?? [];
    const below = stacked && index > 0 ? tops[index - 1] : undefined;
    for (const run of runsOf(values)) {
      const points = run.map((at) => `${px(xOf(times[at] ?? 0))} ${px(yOf(values[at] ?? 0))}`);
      const [first = 0, last = 0] = [run[0], run.at(-1)];
      const base = below
        ? [...run].reverse().map((at) => `${px(xOf(times[at] ?? 0))} ${px(yOf(below[at] ?? 0))}`)
        : [`${px(xOf(times[last] ?? 0))} ${px(yOf(min))}`, `${px(xOf(times[first] ?? 0))} ${px(yOf(min))}`];
      if (stacked || lines.length === 1)
        parts.push(`<path d="M${[...points, ...base].join("L")}Z" fill="${color}" opacity="${stacked ? 0.35 : 0.1}"/>`);
      parts.push(`<path d="M${points.join("L")}" fill="none" stroke="${color}" stroke-width="1.5" stroke-linejoin="round"/>`);
    }
  });
  parts.push(legend(lines, { ...box, y: box.y + box.height - legendHeight, height: legendHeight }, shown, unit, decimals, theme));
  return parts.join("\n");
}

function legend(lines: readonly Line[], box: Box, shown: number, unit: string, decimals: number | undefined, theme: Theme): string {
  const right = box.x + box.width;
  const column = Math.min(84, box.width * 0.24);
  const parts = [
    text(right - column, box.y + 10, "Last", { size: 11, color: theme.faint, anchor: "end" }),
    text(right, box.y + 10, "Max", { size: 11, color: theme.faint, anchor: "end" }),
  ];
  lines.slice(0, shown).forEach(({ name, values }, index) => {
    const y = box.y + 26 + index * 16;
    const known = values.filter((value) => value !== undefined);
    const more = index === shown - 1 && lines.length > shown ? `  (and ${lines.length - shown} more)` : "";
    parts.push(
      `<rect x="${px(box.x)}" y="${px(y - 7)}" width="12" height="4" rx="1" fill="${theme.palette[index % theme.palette.length]}"/>`,
      text(box.x + 18, y, name + more, { size: 11, color: theme.text, width: box.width - 2 * column - 24 }),
      text(right - column, y, format(known.at(-1) ?? Number.NaN, unit, decimals), { size: 11, color: theme.text, anchor: "end" }),
      text(right, y, format(Math.max(...known), unit, decimals), { size: 11, color: theme.text, anchor: "end" }),
    );
  });
  return parts.join("\n");
}

function stat(panel: DrawnPanel, box: Box, drawing: Drawing): string {
  const { theme } = drawing;
  const { unit = "short", decimals, noValue } = panel.fieldConfig.defaults;
  const values = latestOf(panel, drawing);
  if (values.length === 0)
    return text(box.x + box.width / 2, box.y + box.height / 2 + 6, noValue ?? "No data", {
      size: 20,
      color: theme.faint,
      anchor: "middle",
    });
  const sparks = panel.options.graphMode === "area" ? linesOf(panel, drawing) : [];
  const filledBackground = panel.options.colorMode === "background";
  const width = (box.width - (values.length - 1) * 6) / values.length;
  return values
    .map(({ name, value }, index) => {
      const x = box.x + index * (width + 6);
      const { color, word } = lookOf(value, { ...panel.fieldConfig.defaults, ...propertiesOf(panel, name) });
      const shown = word ?? format(value, unit, decimals);
      const named = values.length > 1;
      const size = Math.min(box.height * (named ? 0.34 : 0.46), 34, (width - 14) / widthOf(shown, 1.12));
      const parts: string[] = [];
      if (filledBackground)
        parts.push(
          `<rect x="${px(x)}" y="${px(box.y)}" width="${px(width)}" height="${px(box.height)}" rx="3" fill="${theme.colors[color]}"/>`,
        );
      const spark = sparks.find((line) => line.name === name);
      if (spark)
        parts.push(sparkline(spark, { x, y: box.y + box.height * 0.55, width, height: box.height * 0.45 }, theme.colors[color] ?? ""));
      const ink = filledBackground ? "#fff" : (theme.colors[color] ?? theme.text);
      const middle = box.y + box.height / 2;
      if (named)
        parts.push(
          text(x + width / 2, middle - size * 0.45, name, {
            size: 13,
            color: filledBackground ? "#fff" : theme.text,
            anchor: "middle",
            width: width - 8,
          }),
        );
      parts.push(text(x + width / 2, middle + size * (named ? 0.7 : 0.3), shown, { size, color: ink, anchor: "middle", weight: 600 }));
      return parts.join("\n");
    })
    .join("\n");
}

function sparkline({ values }: Line, box: Box, color: string): string {
  const known = values.filter((value) => value !== undefined);
  const highest = Math.max(...known, 1e-9);
  const thinned = values.map((value, index) => ({ value, index })).filter(({ value, index }) => value !== undefined && index % 2 === 0);
  const points = thinned.map(
    ({ value = 0, index }) =>
      `${px(box.x + (index / POINTS) * box.width)} ${px(box.y + box.height * (1 - (0.9 * Math.max(value, 0)) / highest))}`,
  );
  const bottom = px(box.y + box.height);
  return [
    `<path d="M${px(box.x)} ${bottom}L${points.join("L")}L${px(box.x + box.width)} ${bottom}Z" fill="${color}" opacity=".12"/>`,
    `<path d="M${points.join("L")}" fill="none" stroke="${color}" opacity=".55"/>`,
  ].join("\n");
}

function bars(panel: DrawnPanel, box: Box, drawing: Drawing): string {
  const { theme } = drawing;
  const { unit = "short", decimals, min = 0, max } = panel.fieldConfig.defaults;
  const values = [...latestOf(panel, drawing)].sort((one, other) => (one.name < other.name ? -1 : 1));
  const top = max ?? Math.max(...values.map(({ value }) => value));
  const height = Math.min(28, box.height / Math.max(values.length, 1));
  const left = Math.min(box.width * 0.48, Math.max(...values.map(({ name }) => widthOf(name, 12))) + 10);
  const right = Math.max(...values.map(({ value }) => widthOf(format(value, unit, decimals), 12))) + 12;
  return values
    .map(({ name, value }, index) => {
      const y = box.y + index * height;
      const room = box.width - left - right;
      const { color } = lookOf(value, panel.fieldConfig.defaults);
      const length = Math.max(0, Math.min(1, (value - min) / (top - min || 1))) * room;
      const ink = theme.colors[color] ?? theme.text;
      return [
        text(box.x, y + height / 2 + 4, name, { color: theme.text, width: left - 8 }),
        `<rect x="${px(box.x + left)}" y="${px(y + 4)}" width="${px(room)}" height="${px(height - 8)}" rx="2" fill="${theme.grid}"/>`,
        `<rect x="${px(box.x + left)}" y="${px(y + 4)}" width="${px(length)}" height="${px(height - 8)}" rx="2" fill="${ink}" opacity=".85"/>`,
        text(box.x + box.width, y + height / 2 + 4, format(value, unit, decimals), { color: ink, anchor: "end", weight: 600 }),
      ].join("\n");
    })
    .join("\n");
}

interface Cell {
  readonly shown: string;
  readonly value: number | string;
  readonly color?: string | undefined;
}

function table(panel: DrawnPanel, box: Box, drawing: Drawing): string {
  const { theme } = drawing;
  const { titles, rows } = rowsOf(panel, drawing);
  if (rows.length === 0) return text(box.x + box.width / 2, box.y + box.height / 2, "No rows", { color: theme.faint, anchor: "middle" });
  const visible = Math.floor((box.height - 24) / 24);
  const widths = titles.map(
    (title, column) => Math.max(widthOf(title, 12), ...rows.map((row) => widthOf(row[column]?.shown ?? "", 12))) + 16,
  );
  const scale = box.width / widths.reduce((sum, width) => sum + width, 0);
  const lefts = widths.map((_, column) => box.x + scale * widths.slice(0, column).reduce((sum, width) => sum + width, 0));
  const parts = titles.map((title, column) =>
    text(lefts[column] ?? 0, box.y + 14, title, { color: theme.faint, weight: 600, width: scale * (widths[column] ?? 0) - 6 }),
  );
  parts.push(`<path d="M${px(box.x)} ${px(box.y + 22)}h${px(box.width)}" stroke="${theme.border}"/>`);
  rows.slice(0, visible).forEach((row, index) => {
    const y = box.y + 24 + index * 24;
    row.forEach((cell, column) => {
      const color = cell.color === undefined ? theme.text : (theme.colors[cell.color] ?? theme.text);
      parts.push(
        text(lefts[column] ?? 0, y + 16, cell.shown, {
          color,
          width: scale * (widths[column] ?? 0) - 6,
          ...(cell.color ? { weight: 600 } : {}),
        }),
      );
    });
    if (index > 0) parts.push(`<path d="M${px(box.x)} ${px(y)}h${px(box.width)}" stroke="${theme.grid}"/>`);
  });
  return parts.join("\n");
}

// What Grafana's transformations `merge` and `organize` make of the answers.
function rowsOf(panel: DrawnPanel, drawing: Drawing): { readonly titles: readonly string[]; readonly rows: readonly (readonly Cell[])[] } {
  const organize = panel.transformations?.find(({ id }) => id === "organize")?.options ?? {};
  const merged = new Map<string, Record<string, string | number>>();
  panel.targets.forEach(({ expr, refId }) => {
    const column = panel.targets.length === 1 ? "Value" : `Value #${refId}`;
    for (const { labels, value } of answer(filled(expr, drawing), drawing, drawing.now)) {
      const { __name__: _, ...rest } = labels;
      const key = JSON.stringify(Object.entries(rest).sort());
      merged.set(key, { ...(merged.get(key) ?? rest), [column]: value });
    }
  });
  const columns = Object.entries(organize.indexByName ?? {})
    .filter(([name]) => !organize.excludeByName?.[name])
    .sort(([, one], [, other]) => one - other)
    .map(([name]) => ({ name, title: organize.renameByName?.[name] ?? name }));
  const rows = [...merged.values()].map((values) => columns.map(({ name, title }) => cellOf(values[name], propertiesOf(panel, title))));
  const sort = panel.options.sortBy?.[0];
  const by = columns.findIndex(({ title }) => title === sort?.displayName);
  if (sort && by >= 0) {
    rows.sort((one, other) => {
      const [a = "", b = ""] = [one[by]?.value, other[by]?.value];
      const order = a < b ? -1 : a > b ? 1 : 0;
      return sort.desc ? -order : order;
    });
  }
  return { titles: columns.map(({ title }) => title), rows };
}

function propertiesOf({ fieldConfig: { overrides } }: DrawnPanel, title: string): Defaults & { readonly colored: boolean } {
  const properties = overrides.find(({ matcher }) => matcher.options === title)?.properties ?? [];
  return {
    ...Object.fromEntries(properties.map(({ id, value }) => [id, value])),
    colored: properties.some(({ id }) => id === "custom.cellOptions"),
  };
}

function cellOf(value: number | string | undefined, properties: Defaults & { readonly colored: boolean }): Cell {
  if (value === undefined) return { shown: "", value: "" };
  if (typeof value === "string") return { shown: value, value, color: SEVERITIES[value] };
  const { color, word } = lookOf(value, properties);
  return {
    shown: word ?? format(value, properties.unit ?? "short", properties.decimals),
    value,
    color: properties.colored ? color : undefined,
  };
}

/** Alerts are named by their severity wherever a table shows it. */
const SEVERITIES: Readonly<Record<string, string>> = { critical: "red", warning: "orange" };

function lookOf(value: number, { mappings = [], thresholds }: Defaults): { readonly color: string; readonly word?: string } {
  const mapped = mappings.flatMap(({ options }) => options[String(value)] ?? [])[0];
  if (mapped) return { color: mapped.color, word: mapped.text };
  const reached = (thresholds?.steps ?? []).filter((step) => step.value === null || value >= step.value);
  return { color: reached.at(-1)?.color ?? "green" };
}

function stack(lines: readonly Line[]): readonly (readonly (number | undefined)[])[] {
  let below: readonly number[] = [];
  return lines.map(({ values }) => {
    const sums = Array.from({ length: POINTS + 1 }, (_, index) => (below[index] ?? 0) + (values[index] ?? 0));
    below = sums;
    return sums;
  });
}

/** Indices of points that follow each other; a gap begins a new run. */
function runsOf(values: readonly (number | undefined)[]): readonly (readonly number[])[] {
  const runs: number[][] = [];
  for (let index = 0; index <= POINTS; index++) {
    const value = values[index];
    if (value === undefined || Number.isNaN(value)) continue;
    const run = runs.at(-1);
    if (run && run.at(-1) === index - 1) run.push(index);
    else runs.push([index]);
  }
  return runs;
}

function ticksOf(min: number, max: number, unit: string): readonly number[] {
  const span = max - min || 1;
  const base = unit === "bytes" || unit === "binBps" ? 1024 ** Math.floor(Math.log(span) / Math.log(1024)) : 1;
  const rough = span / base / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10) * power * base;
  const count = Math.max(1, Math.ceil(span / step - 0.001));
  return Array.from({ length: count + 1 }, (_, index) => min + index * step);
}

function clock(seconds: number): string {
  const minutes = Math.floor(seconds / 60) % 1440;
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}
