import { useState } from "react";

/** A page of a list as it was last read. */
interface Page<T> {
  rows: readonly T[];
  /** The token of the page after it; empty where there is none. */
  next: string;
}

/** What is shown of a page, and how many rows wait. */
interface Shown<T> {
  rows: readonly T[];
  fresh: number;
}

/** The rows of a list as they were first shown, each as it was last read: new ones wait until somebody takes them. */
export interface Held<T> extends Shown<T> {
  take(): void;
}

interface Read<Answer> {
  data: Answer | undefined;
  isPlaceholderData: boolean;
}

/** Holds the rows of a list that is read again and again. key names what it is narrowed by, and its page: another one has other rows. */
export function useHeld<Answer extends { nextPageToken: string }, T>(
  list: Read<Answer>, key: string, rowsOf: (answer: Answer) => readonly T[], keyOf: (row: T) => string,
): Held<T> {
  const [held, setHeld] = useState<Shown<T> & { key: string; latest: readonly T[] }>();
  if (list.data && !list.isPlaceholderData) {
    const latest = rowsOf(list.data);
    if (held?.key !== key) setHeld({ key, latest, rows: latest, fresh: 0 });
    else if (held.latest !== latest) setHeld({ key, latest, ...hold(held.rows, { rows: latest, next: list.data.nextPageToken }, keyOf) });
  }
  return { rows: held?.rows ?? [], fresh: held?.fresh ?? 0, take: () => setHeld(undefined) };
}

/** What stays of the rows that are shown when their page is read again, so that nothing moves under the hand. */
export function hold<T>(shown: readonly T[], { rows, next }: Page<T>, keyOf: (row: T) => string): Shown<T> {
  const known = new Set(shown.map(keyOf));
  const now = new Map(rows.map((row) => [keyOf(row), row]));
  const last = rows.findLastIndex((row) => known.has(keyOf(row)));
  const all = last < 0 && shown.length > 0 && next !== ""; // as many are new as a page holds
  const waiting = (all ? rows : rows.slice(0, Math.max(last, 0))).filter((row) => !known.has(keyOf(row)));
  // What comes after the last one that is shown fills the place of those that don't fit any more.
  const filling = all ? [] : rows.slice(last + 1);
  // Those at the end that new ones pushed off a full page are as they were.
  const end = filling.length > 0 || next === "" ? [] : shown.slice(shown.findLastIndex((row) => now.has(keyOf(row))) + 1);
  const pushed = end.slice(Math.max(end.length - waiting.length, 0));
  return { rows: [...shown.flatMap((row) => now.get(keyOf(row)) ?? []), ...pushed, ...filling], fresh: waiting.length };
}
