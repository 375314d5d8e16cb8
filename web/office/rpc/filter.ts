// Filters of lists, as the contracts take them (https://google.aip.dev/160).

/** A text in double quotes. */
export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** What somebody typed into a search box, word by word. */
export function words(typed: string): string {
  return typed.split(/\s+/).filter((word) => word !== "").map(quoted).join(" ");
}

/** All conditions together; empty ones are left out. */
export function all(...conditions: (string | undefined | false)[]): string {
  return conditions.filter((condition) => condition).join(" AND ");
}
