import { textOf } from "../../rpc/search";

export const sheets = ["slip", "pick", "receipt"] as const;
export type Sheet = (typeof sheets)[number];

export interface PrintSearch {
  sheet: Sheet;
  /** The orders, parted by commas. */
  orders: string;
}

/** Reads an address. */
export function printSearch(raw: Record<string, unknown>): PrintSearch {
  return { sheet: sheets.find((one) => one === textOf(raw, "sheet")) ?? "slip", orders: textOf(raw, "orders") };
}
