import type { Money } from "@shopmesh/api/google/type/money_pb";
import type { OrderLine } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { fromNumber, times, toNumber } from "../../form/money";

/** How many of each line, by the product's code. */
export type Quantities = Readonly<Record<string, number>>;

/** The lines that something is given back for. */
export function refundedLines(lines: readonly OrderLine[], quantities: Quantities): { productCode: string; quantity: number }[] {
  return lines.map(({ productCode }) => ({ productCode, quantity: quantities[productCode] || 0 })).filter(({ quantity }) => quantity > 0);
}

/** What lines come to, as it was paid; the server counts it anew. */
export function sumOf(lines: readonly OrderLine[], quantities: Quantities, currency: string): Money {
  const sum = lines.reduce((total, line) => total + (line.unitPrice ? toNumber(times(line.unitPrice, quantities[line.productCode] || 0)) : 0), 0);
  return fromNumber(sum, currency);
}
