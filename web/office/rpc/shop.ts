// What the server tells about the shop in the page itself.

export interface Shop {
  name: string;
  timeZone: string;
  currency: string;
}

/** The shop that the office is of. */
export function shop(): Shop {
  const meta = globalThis.document?.querySelector<HTMLMetaElement>('meta[name="shop"]');
  return { name: meta?.content ?? "", timeZone: meta?.dataset.timeZone || "UTC", currency: meta?.dataset.currency || "EUR" };
}

/** Who runs the shop, as a sheet in a language names them: lines, and the language that they are in. */
export interface Imprint {
  lines: readonly string[];
  language: string;
}

/** The beginning of the shop's imprint; without lines where the shop has none. */
export function imprint(language: string): Imprint {
  const meta = globalThis.document?.querySelector<HTMLMetaElement>(`meta[name="imprint-${language}"]`);
  return { lines: (meta?.content ?? "").split("\n").filter(Boolean), language: meta?.lang ?? "" };
}
