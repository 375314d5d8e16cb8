import type { NotificationKind } from "@shopmesh/api/shopmesh/notification/v1/notification_pb";
import { all, words } from "../../rpc/filter";
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
  return all(q && words(q), conditions[view]);
}

type Kind = Exclude<keyof typeof NotificationKind, "UNSPECIFIED">;

// One that is missing does not compile. The enum itself stays out of the first page.
const known: Record<Kind, true> = {
  ORDER_CONFIRMED: true, ORDER_CANCELLED: true, ORDER_REFUNDED: true, ORDER_SHIPPED: true, ORDER_UPDATED: true, ORDER_LINK: true,
  VERIFY_EMAIL: true, ACCOUNT_EXISTS: true, RESET_PASSWORD: true, INVITATION: true, CONFIRM_EMAIL: true,
  PASSWORD_CHANGED: true, TOKEN_REUSED: true, EMAIL_CHANGED: true, TOTP_CHANGED: true,
};

/** The kinds of mails. */
export const kinds = Object.keys(known) as readonly Kind[];
/** The languages that mails are written in. */
export const languages = ["en", "de", "ar"] as const;

export interface PreviewSearch {
  kind?: Kind;
  language?: (typeof languages)[number];
}

/** Reads the address of a preview. */
export function previewSearch(raw: Record<string, unknown>): PreviewSearch {
  return setOnly<PreviewSearch>({
    kind: kinds.find((one) => one === textOf(raw, "kind")), language: languages.find((one) => one === textOf(raw, "language")),
  });
}
