// The ids of requests (https://google.aip.dev/155). An id belongs to what is asked for and to who
// asks. It is kept in the tab until the shop has answered, so that a dialog that was closed and a
// page that was loaded anew ask for the same again, and nothing is done twice.
import type { Store } from "./draft";

const KEY = "requests";

interface Sent {
  what: string;
  id: string;
  /** When it was first sent, in milliseconds since 1970. */
  time: number;
  /** Whether it was sent again. The first may have been done, whatever the shop says to the next. */
  again: boolean;
}

/** What is asked for: who asks, by which RPC, with which content. */
export function contentOf(account: string, rpc: string, content: readonly unknown[]): string {
  return JSON.stringify([account, rpc, ...content], (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}

/** The id of what is sent now: the one that it was sent by before, where no answer came. */
export function requestId(store: Store, what: string, now: number, make: () => string): string {
  const sent = read(store);
  const before = sent.find((one) => one.what === what);
  const one = before ? { ...before, again: true } : { what, id: make(), time: now, again: false };
  write(store, [...sent.filter((other) => other !== before), one]);
  return one.id;
}

/** When something was sent that has no answer; undefined where there is none like that. */
export function unanswered(store: Store, what: string): Date | undefined {
  const found = read(store).find((one) => one.what === what);
  return found && new Date(found.time);
}

/** Notes the shop's answer: what was done, or refused at the first try, is another request when it is sent the next time. */
export function answered(store: Store, id: string, used: boolean): void {
  const sent = read(store);
  const left = sent.filter((one) => one.id !== id || (one.again && !used));
  if (left.length < sent.length) write(store, left);
}

function read(store: Store): readonly Sent[] {
  return JSON.parse(store.getItem(KEY) ?? "[]") as Sent[];
}

function write(store: Store, sent: readonly Sent[]): void {
  if (sent.length === 0) store.removeItem(KEY);
  else store.setItem(KEY, JSON.stringify(sent));
}
