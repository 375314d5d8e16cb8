// How addresses hold what lists are narrowed by.

/** Reads a text of an address; empty for what is none. */
export function textOf(raw: Record<string, unknown>, name: string): string {
  const value = raw[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** Reads a day of an address, such as "2026-11-30"; undefined for what is none. */
export function dayOf(raw: Record<string, unknown>, name: string): string | undefined {
  return /^\d{4}-\d\d-\d\d$/.exec(textOf(raw, name))?.[0];
}

/** What changes of an address; undefined is taken out of it. */
export type Narrowing<T> = { [Name in keyof T]?: T[Name] | undefined };

/** An address with what is set alone, so that two addresses of one list are the same. */
export function setOnly<T extends object>(search: Narrowing<T>): T {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined && value !== "")) as T;
}

/** Completes a reader of addresses: what it does not understand is undefined, because the router keeps what a reader leaves out. */
export function understood<T extends object>(read: (raw: Record<string, unknown>) => T): (raw: Record<string, unknown>) => T {
  return (raw) => ({ ...Object.fromEntries(Object.keys(raw).map((name) => [name, undefined])), ...read(raw) });
}
