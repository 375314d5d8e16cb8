// Amounts and numbers as people type them or paste them from a sheet: as their language writes them.
import type { Money } from "@shopmesh/api/google/type/money_pb";
import { decimal, digits } from "./money";

// The most digits before the point: more can't be held exactly with the minor units of all currencies.
const WHOLE = 12;

interface Parts {
  sign: string;
  whole: string;
  fraction: string;
}

/** Reads an amount of a currency, with its sign or code beside it or not: "19,50" and "1.234,50 €" in German are "19.5" and "1234.5". Undefined is what is none, or has more digits than the currency. */
export function readAmount(typed: string, currency: string, locale: string): string | undefined {
  const parts = partsOf(withoutCurrency(typed, currency, locale), locale);
  if (!parts || parts.sign === "+" || parts.fraction.length > digits(currency)) return undefined;
  return `${parts.sign}${parts.whole}${parts.fraction && `.${parts.fraction}`}`;
}

/** Reads a number of pieces: "12" as what was counted, "+5" and "-3" as a difference. Undefined is what is neither. */
export function readQuantity(typed: string, locale: string): string | undefined {
  const parts = partsOf(typed, locale);
  return parts && parts.fraction === "" ? parts.sign + parts.whole : undefined;
}

/** Writes an amount as readAmount answers it. */
export function exact(amount: Money): string {
  return decimal(amount).replace(/\.?0+$/, "");
}

/** Writes what readAmount answered as somebody would type it. */
export function typedAmount(value: string, currency: string, locale: string): string {
  const places = digits(currency);
  return new Intl.NumberFormat(locale, { minimumFractionDigits: places, maximumFractionDigits: places }).format(value as `${number}`);
}

function withoutCurrency(typed: string, currency: string, locale: string): string {
  const names = (["symbol", "narrowSymbol", "code"] as const).map((currencyDisplay) =>
    partOf(new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay }), "currency"));
  const text = typed.trim();
  for (const name of names) {
    if (text.startsWith(name)) return text.slice(name.length);
    if (text.endsWith(name)) return text.slice(0, -name.length);
  }
  return text;
}

function partsOf(typed: string, locale: string): Parts | undefined {
  const format = new Intl.NumberFormat(locale);
  const of = (type: Intl.NumberFormatPartTypes) => partOf(format, type).trim().replace(".", "\\.");
  const text = typed.replace(/\s/g, "").replace("−", "-"); // sheets write a minus, and blanks that don't break
  const match = new RegExp(`^([+-]?)(\\d{1,3}(?:${of("group")}\\d{3})+|\\d+)(?:${of("decimal")}(\\d+))?$`, "u").exec(text);
  if (!match) return undefined;
  const whole = (match[2] ?? "").replace(/\D/g, "").replace(/^0+(?=\d)/, "");
  const fraction = (match[3] ?? "").replace(/0+$/, "");
  return whole.length > WHOLE ? undefined : { sign: match[1] ?? "", whole, fraction };
}

function partOf(format: Intl.NumberFormat, type: Intl.NumberFormatPartTypes): string {
  return format.formatToParts(1_234_567.8).find((part) => part.type === type)?.value ?? "";
}
