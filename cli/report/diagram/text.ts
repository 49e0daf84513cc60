import type { Area, Shape } from "./parts";

/** Heights in the header of an area. */
export const HEADER = { padding: 14, title: 18, note: 15 } as const;

/** Widths of a character in the page's font, estimated high: the page is laid out where no font can be measured. */
const CHARACTER = { title: 8.3, note: 7 } as const;

const LEAST = 120;

/** Width that the texts of a part or an area need. */
export function widthOf(part: Shape | Area): number {
  const notes = "notes" in part ? part.notes : [part.note];
  const needed = Math.max(part.title.length * CHARACTER.title, ...notes.map((note) => note.length * CHARACTER.note));
  return Math.max(LEAST, Math.ceil(needed) + 2 * insetOf(part));
}

/** Distance of the text from the left side. Round ends need more. */
export function insetOf({ kind }: Shape | Area): number {
  return kind === "endpoint" || kind === "destination" ? 20 : 15;
}

/** Height of the header of an area: its title and notes. */
export function headerHeight({ notes }: Area): number {
  return HEADER.padding + HEADER.title + notes.length * HEADER.note + 6;
}
