import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";

/** How many of a product are to be taken from the shelf, and for which orders. */
export interface Pick {
  code: string;
  name: string;
  quantity: number;
  numbers: string[];
}

/** What all orders need, by code: one walk along the shelves. */
export function picksOf(orders: readonly Order[]): Pick[] {
  const picks = new Map<string, Pick>();
  for (const order of orders) {
    for (const line of order.lines) {
      const pick = picks.get(line.productCode) ?? { code: line.productCode, name: line.name, quantity: 0, numbers: [] };
      pick.quantity += line.quantity;
      pick.numbers.push(order.number);
      picks.set(line.productCode, pick);
    }
  }
  return [...picks.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}
