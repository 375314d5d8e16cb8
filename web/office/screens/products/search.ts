import { all, quoted, words } from "../../rpc/filter";
import { setOnly, textOf } from "../../rpc/search";

export const views = ["all", "active", "draft", "sold_out", "archived"] as const;
export type View = (typeof views)[number];

/** The orders that the list can be in, as the contract names them; the first is the one without a name. */
export const sorts = ["code", "name", "price", "price desc", "create_time desc"] as const;
export type Sort = (typeof sorts)[number];

export interface ProductSearch {
  q?: string;
  view?: View;
  category?: string;
  sort?: Sort;
  page?: string;
}

const conditions: Record<View, string> = {
  all: "",
  active: "status = ACTIVE",
  draft: "status = DRAFT",
  sold_out: "status = ACTIVE AND available_quantity = 0",
  archived: "status = ARCHIVED",
};

/** Reads an address of the list. */
export function productSearch(raw: Record<string, unknown>): ProductSearch {
  const view = views.find((one) => one === textOf(raw, "view"));
  const sort = sorts.find((one) => one === textOf(raw, "sort"));
  return setOnly<ProductSearch>({
    q: textOf(raw, "q"), view: view === "all" ? undefined : view, category: textOf(raw, "category"), sort: sort === "code" ? undefined : sort,
    page: textOf(raw, "page"),
  });
}

/** An address of the grid: the products that the list would show, or those that are changed. */
export interface GridSearch extends ProductSearch {
  only?: "changed";
}

/** Reads an address of the grid. */
export function gridSearch(raw: Record<string, unknown>): GridSearch {
  return setOnly<GridSearch>({ ...productSearch(raw), only: textOf(raw, "only") === "changed" ? "changed" : undefined });
}

/** The filter of ListProducts for an address. */
export function productFilter({ q = "", view = "all", category }: ProductSearch): string {
  return all(words(q), conditions[view], category && `category_id = ${quoted(category)}`);
}
