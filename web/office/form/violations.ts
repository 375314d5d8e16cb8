/**
 * The field of a form that a violation is shown at: the one of its name, else the closest around
 * it, such as "images" for "images[0].url", else the first within it, such as "address.lines" for
 * "address". Its own name where the form has none of these.
 */
export function fieldOf(violation: string, fields: readonly string[]): string {
  if (fields.includes(violation)) return violation;
  const around = fields.filter((field) => within(field, violation)).sort((a, b) => b.length - a.length)[0];
  return around ?? fields.find((field) => within(violation, field)) ?? violation;
}

// Whether a path is a part of another one, as a field, an element of a list or an entry of a map.
function within(whole: string, part: string): boolean {
  return part.startsWith(`${whole}.`) || part.startsWith(`${whole}[`);
}
