/** Columns of a line that fits a terminal beside an editor. */
export const COLUMNS = 100;

/** Columns for a text behind a long beginning. */
const LEAST_COLUMNS = 40;

/** Ends of phrases, where a line may end. Commands have none, so that they can be copied. */
const PHRASES = /(?<=[,;] )/;

export const WORDS = /(?<= )/;

/** Text that continues below itself if it exceeds a line. */
export function hanging(begin: string, text: string, paint = (line: string) => line, ends = PHRASES): readonly string[] {
  const room = Math.max(COLUMNS - begin.length, LEAST_COLUMNS);
  const lines = [""];
  for (const part of text.split(ends)) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && `${last}${part}`.trimEnd().length > room) lines.push(part);
    else lines[lines.length - 1] = `${last}${part}`;
  }
  return lines.map((line, index) => `${index === 0 ? begin : " ".repeat(begin.length)}${paint(line.trimEnd())}`.trimEnd());
}
