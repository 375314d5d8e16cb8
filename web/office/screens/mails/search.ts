import { all, quoted } from "../../rpc/filter";
import { setOnly, textOf } from "../../rpc/search";

export const views = ["all", "failed", "pending", "sent"] as const;
export type View = (typeof views)[number];

export interface MailSearch {
  q?: string;
  view?: View;
  page?: string;
}

const conditions: Record<View, string> = { all: "", failed: "status = FAILED", pending: "status = PENDING", sent: "status = SENT" };

/** Reads an address. */
export function mailSearch(raw: Record<string, unknown>): MailSearch {
  const view = views.find((one) => one === textOf(raw, "view"));
  return setOnly<MailSearch>({ q: textOf(raw, "q"), view: view === "all" ? undefined : view, page: textOf(raw, "page") });
}

/** The filter of ListNotifications for an address. */
export function mailFilter({ q, view = "all" }: MailSearch): string {
  return all(q && `recipient = ${quoted(q)}`, conditions[view]);
}
