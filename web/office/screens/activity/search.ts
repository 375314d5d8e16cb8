import { all, quoted } from "../../rpc/filter";
import { setOnly, textOf } from "../../rpc/search";

export const views = ["all", "done", "refused"] as const;
export type View = (typeof views)[number];

export interface ActivitySearch {
  /** What was done to, such as "products/0190…", or part of who did it. */
  q?: string;
  view?: View;
  page?: string;
}

const conditions: Record<View, string> = { all: "", done: "outcome = DONE", refused: "outcome = REFUSED" };

/** Reads an address. */
export function activitySearch(raw: Record<string, unknown>): ActivitySearch {
  const view = views.find((one) => one === textOf(raw, "view"));
  return setOnly<ActivitySearch>({ q: textOf(raw, "q"), view: view === "all" ? undefined : view, page: textOf(raw, "page") });
}

/** The filter of ListActivity for an address: a resource has a slash, and who did it is an id. */
export function activityFilter({ q, view = "all" }: ActivitySearch): string {
  return all(q && `${q.includes("/") ? "resource" : "actor_id"} = ${quoted(q)}`, conditions[view]);
}
