/** A command of a code block: its words, without assignments and keywords before it. */
export type Words = readonly string[];

/** Words that stand before a command. */
const KEYWORDS: ReadonlySet<string> = new Set(["do", "then", "else", "while", "until", "if", "!", "export", "{", "time"]);

/**
 * The commands in a shell text, in their order. Enough of the grammar for the documents: quotes, comments, continued lines, pipes, lists and
 * `$(…)`, whose commands come after those of the text around it.
 */
export function commandsIn(text: string): readonly Words[] {
  const commands: string[][] = [];
  const nested: string[] = [];
  let words: string[] = [];
  let word: string | undefined;
  const endWord = () => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = () => {
    endWord();
    const begin = words.findIndex((each) => !KEYWORDS.has(each) && !/^\w+=/.test(each));
    if (begin >= 0) commands.push(words.slice(begin));
    words = [];
  };
  const source = text.replace(/\\\n\s*/g, "");
  for (let at = 0; at < source.length; at++) {
    const sign = source[at] as string;
    if (source.startsWith("$(", at)) {
      const end = closing(source, at + 2);
      nested.push(source.slice(at + 2, end));
      word = `${word ?? ""}$`;
      at = end;
    } else if (sign === "'" || sign === '"') {
      const end = quoteEnd(source, at);
      const inside = source.slice(at + 1, end);
      if (sign === '"') for (const [, command = ""] of inside.matchAll(/\$\(([^()]*)\)/g)) nested.push(command);
      word = (word ?? "") + inside;
      at = end;
    } else if (sign === "#" && word === undefined) {
      const end = source.indexOf("\n", at);
      at = (end < 0 ? source.length : end) - 1;
    } else if (/[\n;|&()]/.test(sign)) endCommand();
    else if (/\s/.test(sign)) endWord();
    else word = (word ?? "") + sign;
  }
  endCommand();
  return [...commands, ...nested.flatMap(commandsIn)];
}

function closing(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    const sign = text[at];
    if (sign === "'" || sign === '"') at = quoteEnd(text, at);
    else if (sign === "(") depth++;
    else if (sign === ")" && --depth === 0) return at;
  }
  return text.length;
}

function quoteEnd(text: string, at: number): number {
  const sign = text[at];
  for (let end = at + 1; end < text.length; end++) {
    if (sign === '"' && text[end] === "\\") end++;
    else if (text[end] === sign) return end;
  }
  return text.length;
}
