// Filters of lists, as the contracts take them (https://google.aip.dev/160).
import { dayStart } from "../form/days";

/** A text in double quotes. */
export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** What somebody typed into a search box, word by word. */
export function words(typed: string): string {
  return typed.split(/\s+/).filter((word) => word !== "").map(quoted).join(" ");
}

/** What was made in the days from one to another, both included; without one of them, before or after it. */
export function inDays(from: string | undefined, to: string | undefined, zone: string): string {
  return all(from && `create_time >= "${dayStart(from, 0, zone)}"`, to && `create_time < "${dayStart(to, 1, zone)}"`);
}

/** All conditions together; empty ones are left out. */
export function all(...conditions: (string | undefined | false)[]): string {
  return conditions.filter((condition) => condition).join(" AND ");
}
