// What an entry of an order's timeline tells, in the reader's language. Its detail is a sentence
// in English; of the order's own entries, the history holds the same in parts.
import type { OrderHistoryEntry, TimelineEntry } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { CancelReason, OrderState, OrderStep } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import type { TextId } from "../../texts/say";
import { say, texts } from "../../texts/say";

/** What happened, why or to what, and what others said of it in their own words. */
export interface Happened {
  what: string;
  why: string;
  said: string;
  /** The language of what was said, where it is known. */
  lang?: "en";
}

/** Tells an entry, with the order's own history. */
export function happened(entry: TimelineEntry, history: readonly OrderHistoryEntry[]): Happened {
  const what = texts.code("timeline", entry.kind) ?? entry.kind;
  const own = entry.context === "order" ? history.find((one) => kindOf(one) === entry.kind && sameTime(one, entry)) : undefined;
  if (!own) return { what, why: "", said: entry.detail, lang: "en" };
  if (own.step === OrderStep.UPDATED) return { what, why: own.note.split(", ").map(fieldName).join(", "), said: "" };
  if (own.state !== OrderState.CANCELLED) return { what, why: "", said: own.note, lang: "en" };
  const why = texts.code("cancel_reason", CancelReason[own.cancelReason] ?? "") ?? "";
  // Who wanted it wrote so in a language of their own.
  return { what, why, said: own.note, ...(own.cancelReason !== CancelReason.REQUESTED && { lang: "en" as const }) };
}

function kindOf({ step, state }: OrderHistoryEntry): string | undefined {
  return step === OrderStep.STATE ? OrderState[state] : OrderStep[step];
}

function sameTime({ createTime: a }: OrderHistoryEntry, { createTime: b }: TimelineEntry): boolean {
  return a?.seconds === b?.seconds && a?.nanos === b?.nanos;
}

const fields: Readonly<Record<string, TextId | undefined>> = {
  "contact.first_name": "contact.first_name",
  "contact.last_name": "contact.last_name",
  "contact.email": "contact.email",
  "contact.phone": "contact.phone",
  "shipping_address": "order.address",
  "shipment.carrier": "shipment.carrier",
  "shipment.tracking_code": "shipment.code",
};

function fieldName(path: string): string {
  const id = fields[path];
  return id ? say(id) : path;
}
