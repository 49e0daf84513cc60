/** Columns of a line that fits a terminal beside an editor. */
export const COLUMNS = 100;

/** Columns for a text behind a long beginning. */
const LEAST_COLUMNS = 40;

/** Ends of phrases, where a line may end. Commands have none, so that they can be copied. */
const PHRASES = /(?<=[,;] )/;

/** Ends of words, where a line may end. Commands have none. */
export const WORDS = /(?<= )(?<!\b(?:npm|npx|kubectl|terraform|tofu) [^,;]*)/;

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

/** A message whose long lines are wrapped: path and rule, below them the remedy, and the path alone if the rule is long too. */
export function readable(message: string): string {
  return message
    .split("\n")
    .flatMap((line) => (line.length > COLUMNS ? wrapped(line) : [line]))
    .join("\n");
}

function wrapped(line: string): readonly string[] {
  const [, indent = "", path = "", text = ""] = /^( *)(\S+: )?(.*)$/.exec(line) ?? [];
  const [, rule = text, remedy] = /^(.*;) ([^;]*)$/.exec(text) ?? [];
  const begin = `${indent}${path}`;
  const below = `${indent}  `;
  const remedies = remedy === undefined ? [] : hanging(below, remedy);
  if (begin.length + rule.length <= COLUMNS) return [`${begin}${rule}`, ...remedies];
  const [first = "", ...others] = hanging(below, rule, undefined, WORDS);
  return [...(path ? [begin.trimEnd(), first] : [`${indent}${first.trimStart()}`]), ...others, ...remedies];
}
