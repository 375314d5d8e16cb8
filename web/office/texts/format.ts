// How amounts, times and numbers are written, in the office's language unless another locale is given.
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Money } from "@shopmesh/api/google/type/money_pb";
import { decimal } from "../form/money";
import { shop } from "../rpc/shop";
import { locale } from "./say";

/** Writes an amount with its currency; what is not there is "–". */
export function money(amount: Money | undefined, within = locale): string {
  if (!amount) return "–";
  return new Intl.NumberFormat(within, { style: "currency", currency: amount.currencyCode }).format(decimal(amount));
}

export function number(value: number | bigint, within = locale): string {
  return new Intl.NumberFormat(within).format(value);
}

/** Writes a time as it is in the shop. */
export function time(at: Timestamp | undefined): string {
  if (!at) return "–";
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone: shop().timeZone }).format(timestampDate(at));
}

/** Writes the day of a time as it is in the shop. */
export function day(at: Timestamp | undefined, within = locale, dateStyle: "medium" | "long" = "medium"): string {
  if (!at) return "–";
  return new Intl.DateTimeFormat(within, { dateStyle, timeZone: shop().timeZone }).format(timestampDate(at));
}

/** Writes a day, such as "2026-11-30". */
export function dayName(date: string): string {
  return new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(`${date}T00:00:00Z`));
}
