import { all, inDays, quoted } from "../../rpc/filter";
import { dayOf, setOnly, textOf } from "../../rpc/search";
import { shop } from "../../rpc/shop";

export const views = ["all", "done", "refused"] as const;
export type View = (typeof views)[number];

export interface ActivitySearch {
  /** What was done to, such as "products/0190…", or part of who did it. */
  q?: string;
  view?: View;
  /** The account of who did it. */
  who?: string;
  from?: string;
  to?: string;
  page?: string;
}

const conditions: Record<View, string> = { all: "", done: "outcome = DONE", refused: "outcome = REFUSED" };

/** Reads an address. */
export function activitySearch(raw: Record<string, unknown>): ActivitySearch {
  const view = views.find((one) => one === textOf(raw, "view"));
  return setOnly<ActivitySearch>({
    q: textOf(raw, "q"), view: view === "all" ? undefined : view, who: textOf(raw, "who"),
    from: dayOf(raw, "from"), to: dayOf(raw, "to"), page: textOf(raw, "page"),
  });
}

/** The filter of ListActivity for an address: a resource has a slash, and who did it is an id. Days are the shop's, the last one included. */
export function activityFilter({ q, view = "all", who, from, to }: ActivitySearch, zone = shop().timeZone): string {
  return all(
    q && `${q.includes("/") ? "resource" : "actor_id"} = ${quoted(q)}`, who && `actor_id = ${quoted(who)}`, conditions[view], inDays(from, to, zone),
  );
}
