const ENTITIES = [
  ["&", "&amp;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
  ["<", "&lt;"],
  [">", "&gt;"],
] as const;

/** Text in HTML. */
export function escaped(text: string): string {
  return ENTITIES.reduce((all, [sign, entity]) => all.replaceAll(sign, entity), text);
}

/** Text of HTML without tags. */
export function unescaped(html: string): string {
  return ENTITIES.reduceRight((all, [sign, entity]) => all.replaceAll(entity, sign), html);
}
