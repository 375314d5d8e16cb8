import type { Fields } from "../../form/draft";

/** By what somebody says how much there is. */
export type By = "difference" | "count";

/** By how many a form changes what is on hand: what was counted is compared with what was seen when it was typed. */
export function deltaOf({ by, value = "", seen = "" }: Fields): bigint {
  if (value === "") return 0n;
  return by === "count" ? BigInt(value) - BigInt(seen) : BigInt(value);
}
