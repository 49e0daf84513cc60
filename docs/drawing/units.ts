/** A value as Grafana writes it, for the units that dashboards use. */
export function format(value: number, unit: string, decimals?: number): string {
  if (!Number.isFinite(value)) return "–";
  switch (unit) {
    case "percentunit":
      return `${digits(value * 100, decimals ?? (Math.abs(value) < 0.1 && value !== 0 ? 2 : 1))}%`;
    case "s":
      return duration(value, decimals);
    case "bytes":
      return scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB"], decimals);
    case "binBps":
      return scaled(value, 1024, ["B/s", "KiB/s", "MiB/s", "GiB/s"], decimals);
    case "suffix:/s":
      return `${digits(value, decimals)}/s`;
    case "reqps":
      return scaled(value, 1000, ["req/s", "K req/s", "M req/s"], decimals);
    case "currencyUSD":
      return `$${scaled(value, 1000, ["", "K", "Mil"], decimals).trim()}`;
    case "short":
      return scaled(value, 1000, ["", "K", "Mil", "Bil"], decimals).trim();
    default:
      return `${digits(value, decimals)} ${unit}`;
  }
}

const DURATIONS = [
  { above: 86_400, unit: "days" },
  { above: 3600, unit: "hours" },
  { above: 60, unit: "min" },
  { above: 1, unit: "s" },
  { above: 0.001, unit: "ms" },
  { above: 0.000_001, unit: "µs" },
] as const;

function duration(seconds: number, decimals?: number): string {
  const { above, unit } = DURATIONS.find((each) => Math.abs(seconds) >= each.above) ?? { above: 1, unit: "s" };
  return `${digits(seconds / above, decimals)} ${unit}`;
}

function scaled(value: number, base: number, units: readonly string[], decimals?: number): string {
  let power = 0;
  let rest = value;
  while (Math.abs(rest) >= base && power < units.length - 1) {
    rest /= base;
    power++;
  }
  return `${digits(rest, decimals)} ${units[power]}`;
}

// Three digits that mean something, without zeros at the end.
function digits(value: number, decimals?: number): string {
  const places = decimals ?? Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)));
  const text = value.toFixed(Math.min(places, 3));
  return decimals === undefined && text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
