import type { Money } from "@shopmesh/api/google/type/money_pb";
import type { Order, OrderLine } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { AdjustmentKind } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { DisputeStatus } from "@shopmesh/api/shopmesh/payment/v1/dispute_pb";
import type { Payment, Refund } from "@shopmesh/api/shopmesh/payment/v1/payment_pb";
import { RefundStatus } from "@shopmesh/api/shopmesh/payment/v1/payment_pb";
import type { Fields } from "../../form/draft";
import { equal, fromNumber, minus, plus, positive, times, toNumber } from "../../form/money";

/** How many of each line, by the product's code. */
export type Quantities = Readonly<Record<string, number>>;

/** By what it is said how much is given back. */
export type By = "lines" | "shipping" | "amount" | "all";

/** What can still be given back: money, how many of each line, and what was paid for delivery. */
export interface Left {
  money: Money;
  lines: Quantities;
  /** Undefined where it was given back, or more than there is. */
  shipping: Money | undefined;
}

/** What refunds that did not fail, and disputes that were lost, leave of a payment. Undefined while nothing was taken. */
export function leftOf(order: Order, payment: Payment, refunds: readonly Refund[]): Left | undefined {
  if (!payment.captured) return undefined;
  const pending = refunds.filter(({ status }) => status === RefundStatus.PENDING).map(({ amount }) => amount);
  const lost = payment.disputes.filter(({ status }) => status === DisputeStatus.LOST).map(({ amount }) => amount);
  const money = [payment.refunded, ...pending, ...lost].reduce<Money>(minus, payment.captured);
  const made = refunds.filter(({ status }) => status !== RefundStatus.FAILED);
  const held = made.flatMap((refund) => refund.lines);
  const lines = order.lines.map(({ productCode, quantity }) => [
    productCode, held.filter((line) => line.productCode === productCode).reduce((left, line) => left - line.quantity, quantity),
  ]);
  // Refunds don't name delivery: it is what one without lines gave back, by its amount.
  const shipping = shippingOf(order);
  const given = made.some((refund) => refund.lines.length === 0 && equal(refund.amount, shipping));
  return {
    money: positive(money) ? money : fromNumber(0, money.currencyCode),
    lines: Object.fromEntries(lines) as Quantities,
    shipping: shipping && !given && !positive(minus(shipping, money)) ? shipping : undefined,
  };
}

/** What was paid for delivery; undefined where that is nothing. */
export function shippingOf(order: Order): Money | undefined {
  const costs = order.adjustments.filter(({ kind }) => kind === AdjustmentKind.SHIPPING).flatMap(({ amount }) => (amount ? [amount] : []));
  const [first, ...more] = costs;
  const sum = first && more.reduce(plus, first);
  return positive(sum) ? sum : undefined;
}

/** The lines that something is given back for. */
export function refundedLines(lines: readonly OrderLine[], quantities: Quantities): { productCode: string; quantity: number }[] {
  return lines.map(({ productCode }) => ({ productCode, quantity: quantities[productCode] || 0 })).filter(({ quantity }) => quantity > 0);
}

/** What lines come to, as it was paid; the server counts it anew. */
export function sumOf(lines: readonly OrderLine[], quantities: Quantities, currency: string): Money {
  const sum = lines.reduce((total, line) => total + (line.unitPrice ? toNumber(times(line.unitPrice, quantities[line.productCode] || 0)) : 0), 0);
  return fromNumber(sum, currency);
}

/** The fields of a refund that nobody has typed anything into. */
export function emptyRefund(order: Order): Fields {
  return { by: "lines", amount: "", restock: "", reason: "", ...Object.fromEntries(order.lines.map(({ productCode }) => [`lines.${productCode}`, ""])) };
}

/** What a form asks for: how much is given back, for which lines, and which lines come back into stock. */
export interface Planned {
  sum: Money;
  lines: readonly { productCode: string; quantity: number }[];
  back: readonly { productCode: string; quantity: number }[];
  /** What the contract is sent as the amount; unset where it follows from the lines, or is all that is left. */
  amount: { amount?: Money };
}

/** Reads a form. What is sent follows from what was typed and ordered alone: an answer that was lost changes what is left, and must be asked for with the same content. */
export function planned(order: Order, left: Left, typed: Fields): Planned {
  const by = (typed.by ?? "lines") as By;
  const currency = left.money.currencyCode;
  const back = (quantities: Quantities) => (typed.restock === "" ? [] : refundedLines(order.lines, quantities));
  switch (by) {
    case "lines": {
      const quantities = Object.fromEntries(order.lines.map(({ productCode }) => [productCode, Number(typed[`lines.${productCode}`] ?? "")]));
      return { sum: sumOf(order.lines, quantities, currency), lines: refundedLines(order.lines, quantities), back: back(quantities), amount: {} };
    }
    case "shipping": {
      const sum = shippingOf(order) ?? fromNumber(0, currency);
      return { sum, lines: [], back: [], amount: { amount: sum } };
    }
    case "amount": {
      const sum = fromNumber(Number(typed.amount ?? ""), currency);
      return { sum, lines: [], back: [], amount: { amount: sum } };
    }
    case "all":
      return { sum: left.money, lines: [], back: back(left.lines), amount: {} };
  }
}

/** Names the lines of a refund, such as "2 × Mug". */
export function linesText(order: Order, lines: readonly { productCode: string; quantity: number }[], write: (quantity: number) => string): string {
  return lines.map(({ productCode, quantity }) => `${write(quantity)} × ${order.lines.find((line) => line.productCode === productCode)?.name ?? productCode}`).join(", ");
}
