import { setOnly, textOf } from "../../rpc/search";

/** The contexts that have settings, in the order in which owners look for them. */
export const contexts = ["shop", "storefront", "order", "inventory", "payment", "notification", "customer", "identity", "edge"] as const;
export type Context = (typeof contexts)[number];

export interface SettingsSearch {
  context?: Context;
}

/** Reads an address. */
export function settingsSearch(raw: Record<string, unknown>): SettingsSearch {
  const context = contexts.find((one) => one === textOf(raw, "context"));
  return setOnly<SettingsSearch>({ context: context === "shop" ? undefined : context });
}
