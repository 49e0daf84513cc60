/** Colors of a page, close to those of Grafana's themes. */
export interface Theme {
  readonly page: string;
  readonly panel: string;
  readonly border: string;
  readonly text: string;
  readonly faint: string;
  readonly grid: string;
  readonly colors: Readonly<Record<string, string>>;
  readonly palette: readonly string[];
}

export const THEMES: Readonly<Record<"dark" | "light", Theme>> = {
  dark: {
    page: "#111217",
    panel: "#181b1f",
    border: "#2a2d34",
    text: "#d5d6de",
    faint: "#8e909c",
    grid: "#26292f",
    colors: { green: "#6fbf73", orange: "#ff9830", red: "#f2495c", blue: "#5794f2", transparent: "none" },
    palette: ["#6fbf73", "#f2cc0c", "#5794f2", "#ff9830", "#b877d9", "#3ac1c4", "#e0709b", "#a7c96a", "#8ab8ff", "#c7a98b"],
  },
  light: {
    page: "#f4f5f7",
    panel: "#ffffff",
    border: "#dcdee3",
    text: "#22252b",
    faint: "#676a75",
    grid: "#eceef1",
    colors: { green: "#3f9a44", orange: "#e07400", red: "#d6233b", blue: "#2f6fdc", transparent: "none" },
    palette: ["#3f9a44", "#c99700", "#2f6fdc", "#e07400", "#8f3bb8", "#12908f", "#c2447a", "#6d8f23", "#6a96e0", "#8f6b4a"],
  },
};

export function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

/** A coordinate with one decimal at most, so that files stay small and equal. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

interface TextStyle {
  readonly size?: number;
  readonly color: string;
  readonly anchor?: "start" | "middle" | "end";
  readonly weight?: number;

  /** Longest width; a longer text ends in dots. */
  readonly width?: number;
}

export function text(x: number, y: number, content: string, { size = 12, color, anchor = "start", weight, width }: TextStyle): string {
  const shown = width === undefined ? content : fitted(content, weight ? size * 1.1 : size, width);
  const attributes = [
    `x="${px(x)}" y="${px(y)}" fill="${color}"`,
    size === 12 ? "" : ` font-size="${px(size)}"`,
    anchor === "start" ? "" : ` text-anchor="${anchor}"`,
    weight ? ` font-weight="${weight}"` : "",
  ];
  return `<text ${attributes.join("")}>${escaped(shown)}</text>`;
}

/** The width of a text in a common sans-serif font, on the safe side. */
export function widthOf(content: string, size: number): number {
  return [...content].reduce(
    (sum, character) =>
      sum +
      size * (/[iljt.,:;|'!f ()[\]/]/.test(character) ? 0.4 : /[mwMW%@]/.test(character) ? 0.95 : /[A-Z]/.test(character) ? 0.72 : 0.62),
    0,
  );
}

function fitted(content: string, size: number, width: number): string {
  if (widthOf(content, size) <= width) return content;
  let end = content.length;
  while (end > 1 && widthOf(`${content.slice(0, end)}…`, size) > width) end--;
  return `${content.slice(0, end).trimEnd()}…`;
}
