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
