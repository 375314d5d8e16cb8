import { all, words } from "../../rpc/filter";
import { setOnly, textOf } from "../../rpc/search";

export interface CustomerSearch {
  q?: string;
  page?: string;
}

/** Reads an address. */
export function customerSearch(raw: Record<string, unknown>): CustomerSearch {
  return setOnly<CustomerSearch>({ q: textOf(raw, "q"), page: textOf(raw, "page") });
}

/** The filter of ListCustomers for an address: those who were erased have nothing to show. */
export function customerFilter({ q = "" }: CustomerSearch): string {
  return all(words(q), "erased = false");
}
