/** Messages as they were before their long lines were wrapped. */
export function unwrapped(text: string): string {
  return text.replace(/\n {2}(?=\S)/g, " ");
}
