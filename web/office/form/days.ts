import { parseDate, toZoned } from "@internationalized/date";

/** When a day begins in a time zone, or one that many days after it, as the contracts write times. Days have 23 hours where clocks go forward. */
export function dayStart(day: string, later: number, zone: string): string {
  return toZoned(parseDate(day).add({ days: later }), zone).toDate().toISOString();
}

/** All days from one to another, both included. */
export function daysBetween(first: string, last: string): string[] {
  const days: string[] = [];
  const end = parseDate(last);
  for (let day = parseDate(first); day.compare(end) <= 0; day = day.add({ days: 1 })) days.push(day.toString());
  return days;
}
