// Amounts between the contract's form, units and nanos, and what fields hold.
import { create } from "@bufbuild/protobuf";
import type { Money } from "@shopmesh/api/google/type/money_pb";
import { MoneySchema } from "@shopmesh/api/google/type/money_pb";

const NANOS = 9;

/** How many digits a currency has behind its point: 2 for EUR, 0 for JPY, 3 for KWD. */
export function digits(currency: string): number {
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/** Writes an amount exactly, as Intl.NumberFormat reads it: "-19.500000000". */
export function decimal(amount: Money): `${number}` {
  const nanos = BigInt(amount.units) * 10n ** BigInt(NANOS) + BigInt(amount.nanos);
  const sign = nanos < 0n ? "-" : "";
  const text = (nanos < 0n ? -nanos : nanos).toString().padStart(NANOS + 1, "0");
  return `${sign}${text.slice(0, -NANOS)}.${text.slice(-NANOS)}` as `${number}`;
}

/** The number that a field shows for an amount. */
export function toNumber(amount: Money): number {
  return Number(decimal(amount));
}

/** The amount of a number that somebody typed, in whole minor units of the currency. */
export function fromNumber(value: number, currency: string): Money {
  const [units = "0", fraction = ""] = Math.abs(value).toFixed(digits(currency)).split(".");
  const sign = value < 0 ? -1 : 1;
  return create(MoneySchema, {
    currencyCode: currency,
    units: BigInt(sign) * BigInt(units),
    nanos: sign * Number(fraction.padEnd(NANOS, "0")),
  });
}

/** Whether two amounts are the same. */
export function equal(a: Money | undefined, b: Money | undefined): boolean {
  return a?.currencyCode === b?.currencyCode && a?.units === b?.units && a?.nanos === b?.nanos;
}

/** a minus b, of one currency. */
export function minus(a: Money, b: Money | undefined): Money {
  const scale = 10n ** BigInt(NANOS);
  const nanos = (a.units - (b?.units ?? 0n)) * scale + BigInt(a.nanos - (b?.nanos ?? 0));
  return create(MoneySchema, { currencyCode: a.currencyCode, units: nanos / scale, nanos: Number(nanos % scale) });
}

/** a plus b, of one currency. */
export function plus(a: Money, b: Money): Money {
  return minus(a, create(MoneySchema, { currencyCode: b.currencyCode, units: -b.units, nanos: -b.nanos }));
}

/** How many of something cost together. */
export function times(amount: Money, quantity: number): Money {
  const scale = 10n ** BigInt(NANOS);
  const nanos = (amount.units * scale + BigInt(amount.nanos)) * BigInt(quantity);
  return create(MoneySchema, { currencyCode: amount.currencyCode, units: nanos / scale, nanos: Number(nanos % scale) });
}

/** Whether an amount is more than nothing. */
export function positive(amount: Money | undefined): boolean {
  return amount !== undefined && (amount.units > 0n || (amount.units === 0n && amount.nanos > 0));
}
