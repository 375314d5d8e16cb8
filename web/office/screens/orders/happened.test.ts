import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { CancelReason, OrderHistoryEntrySchema, OrderState, OrderStep, TimelineEntrySchema } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import assert from "node:assert/strict";
import test from "node:test";
import { happened } from "./happened";

const createTime = timestampFromMs(1_796_000_000_000);
const entry = (context: string, kind: string, detail: string) => create(TimelineEntrySchema, { context, kind, detail, createTime });
const history = [
  create(OrderHistoryEntrySchema, { createTime, step: OrderStep.STATE, state: OrderState.CANCELLED, cancelReason: CancelReason.PAYMENT_FAILED, note: "card_declined" }),
  create(OrderHistoryEntrySchema, { createTime, step: OrderStep.UPDATED, state: OrderState.CONFIRMED, note: "contact.email, shipping_address" }),
];

test("what happened to an order itself is told without the server's sentence", () => {
  assert.deepEqual(happened(entry("order", "CANCELLED", "It was cancelled: PAYMENT_FAILED (card_declined)"), history),
    { what: "Cancelled", why: "the payment was declined", said: "card_declined", lang: "en" });
  assert.deepEqual(happened(entry("order", "UPDATED", "It was corrected (contact.email, shipping_address)"), history),
    { what: "Corrected", why: "E-mail address, Delivery address", said: "" });
});

test("who wanted an order cancelled is quoted in whatever language they wrote", () => {
  const wanted = create(OrderHistoryEntrySchema, { createTime, step: OrderStep.STATE, state: OrderState.CANCELLED, cancelReason: CancelReason.REQUESTED, note: "doppelt bestellt" });
  assert.deepEqual(happened(entry("order", "CANCELLED", ""), [wanted]), { what: "Cancelled", why: "somebody wanted it", said: "doppelt bestellt" });
});

test("what others tell, and what the history does not hold yet, is quoted", () => {
  const detail = "-1 of MUG, 3 are on hand";
  assert.deepEqual(happened(entry("inventory", "SALE", detail), history), { what: "Taken from stock", why: "", said: detail, lang: "en" });
  assert.deepEqual(happened(entry("order", "SHIPPED", "It was sent"), history), { what: "Shipped", why: "", said: "It was sent", lang: "en" });
  assert.deepEqual(happened(entry("order", "TELEPORTED", "It is there"), history).what, "TELEPORTED");
});
