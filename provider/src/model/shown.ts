/** Longest piece of a refused text that an error repeats, in UTF-16 units. */
const limit = 120;

/** The refused text as an error may repeat it: whole where it is short, else its beginning. */
export function shown(text: string): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}
