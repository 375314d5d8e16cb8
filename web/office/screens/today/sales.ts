import type { Money } from "@shopmesh/api/google/type/money_pb";
import type { OrderSum, SummarizeOrdersResponse } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { daysBetween } from "../../form/days";
import { fromNumber, plus } from "../../form/money";

/** What was sold in a currency: every day has its place, also one on which nothing was. */
export interface Sales {
  currency: string;
  orders: bigint;
  revenue: Money;
  days: { date: string; orders: bigint; revenue: Money }[];
}

/** What was sold, by currency. */
export function salesOf({ sums, startDate, endDate }: Pick<SummarizeOrdersResponse, "sums" | "startDate" | "endDate">): Sales[] {
  const currencies = [...new Set(sums.map((sum) => sum.revenue?.currencyCode ?? ""))].sort();
  return currencies.map((currency) => {
    const nothing = fromNumber(0, currency);
    const byDay = new Map<string, OrderSum>(sums.filter((sum) => sum.revenue?.currencyCode === currency).map((sum) => [sum.date, sum]));
    const days = daysBetween(startDate, endDate).map((date) => ({
      date, orders: byDay.get(date)?.orderCount ?? 0n, revenue: byDay.get(date)?.revenue ?? nothing,
    }));
    return {
      currency, days,
      orders: days.reduce((all, one) => all + one.orders, 0n),
      revenue: days.reduce((all, one) => plus(all, one.revenue), nothing),
    };
  });
}
