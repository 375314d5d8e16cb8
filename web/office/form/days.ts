import { parseDate, toZoned } from "@internationalized/date";

/** When a day begins in a time zone, or one that many days after it, as the contracts write times. Days have 23 hours where clocks go forward. */
export function dayStart(day: string, later: number, zone: string): string {
  return toZoned(parseDate(day).add({ days: later }), zone).toDate().toISOString();
}
