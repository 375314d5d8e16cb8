// What an address of the list of orders holds. What is not understood is left out, so no link is broken by it.
import { all, inDays, words } from "../../rpc/filter";
import { dayOf, setOnly, textOf } from "../../rpc/search";
import { shop } from "../../rpc/shop";

export const views = ["all", "to_ship", "overdue", "disputed", "unpaid", "shipped", "cancelled"] as const;
export type View = (typeof views)[number];

export interface OrderSearch {
  q?: string;
  view?: Exclude<View, "all">;
  from?: string;
  to?: string;
  page?: string;
}

const conditions: Record<View, string> = {
  all: "",
  to_ship: "state = CONFIRMED",
  overdue: "overdue = true",
  disputed: "disputed = true",
  unpaid: "state = AWAITING_PAYMENT",
  shipped: "state = SHIPPED",
  cancelled: "state = CANCELLED",
};

/** Reads an address. */
export function orderSearch(raw: Record<string, unknown>): OrderSearch {
  const view = views.find((one) => one === textOf(raw, "view"));
  return setOnly<OrderSearch>({
    q: textOf(raw, "q"), view: view === "all" ? undefined : view, from: dayOf(raw, "from"), to: dayOf(raw, "to"), page: textOf(raw, "page"),
  });
}

/** The filter of ListOrders for an address. Days are the shop's, the last one included. */
export function orderFilter({ q = "", view = "all" as View, from, to }: Omit<OrderSearch, "view"> & { view?: View }, zone = shop().timeZone): string {
  return all(words(q), conditions[view], inDays(from, to, zone));
}
