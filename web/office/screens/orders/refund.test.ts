import { create } from "@bufbuild/protobuf";
import { AdjustmentKind, OrderSchema } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { DisputeStatus } from "@shopmesh/api/shopmesh/payment/v1/dispute_pb";
import type { Refund } from "@shopmesh/api/shopmesh/payment/v1/payment_pb";
import { PaymentSchema, RefundSchema, RefundStatus } from "@shopmesh/api/shopmesh/payment/v1/payment_pb";
import assert from "node:assert/strict";
import test from "node:test";
import { fromNumber, toNumber } from "../../form/money";
import { emptyRefund, leftOf, linesText, planned, shippingOf } from "./refund";

const euros = (amount: number) => fromNumber(amount, "EUR");
const order = create(OrderSchema, {
  lines: [{ productCode: "MUG", name: "Mug", quantity: 3, unitPrice: euros(5) }, { productCode: "BOWL", name: "Bowl", quantity: 1, unitPrice: euros(10) }],
  adjustments: [{ kind: AdjustmentKind.SHIPPING, label: "Post", amount: euros(4.9) }, { kind: AdjustmentKind.DISCOUNT, label: "Spring", amount: euros(-1) }],
});
const refunds = [
  create(RefundSchema, { status: RefundStatus.SUCCEEDED, amount: euros(5), lines: [{ productCode: "MUG", quantity: 1 }] }),
  create(RefundSchema, { status: RefundStatus.PENDING, amount: euros(10), lines: [{ productCode: "BOWL", quantity: 1 }] }),
  create(RefundSchema, { status: RefundStatus.FAILED, amount: euros(5), lines: [{ productCode: "MUG", quantity: 1 }] }),
];
const payment = create(PaymentSchema, { captured: euros(28.9), refunded: euros(5), disputes: [{ status: DisputeStatus.LOST, amount: euros(2) }, { status: DisputeStatus.WON, amount: euros(9) }] });

test("what is left is less what is under way and what banks took, by line, too", () => {
  const left = leftOf(order, payment, refunds);
  assert.equal(left && toNumber(left.money), 11.9);
  assert.deepEqual(left?.lines, { MUG: 2, BOWL: 0 });
  assert.equal(leftOf(order, create(PaymentSchema), []), undefined);
});

test("delivery is given back once, and not where less than that is left", () => {
  const back = (...made: Refund[]) => leftOf(order, payment, made)?.shipping;
  const delivery = (status: RefundStatus) => create(RefundSchema, { status, amount: euros(4.9) });
  assert.deepEqual(back(), euros(4.9));
  assert.deepEqual(back(...refunds), euros(4.9));
  assert.deepEqual(back(delivery(RefundStatus.FAILED)), euros(4.9));
  assert.equal(back(delivery(RefundStatus.PENDING)), undefined);
  assert.equal(back(delivery(RefundStatus.SUCCEEDED)), undefined);
  assert.deepEqual(back(create(RefundSchema, { status: RefundStatus.SUCCEEDED, amount: euros(4.9), lines: [{ productCode: "MUG", quantity: 1 }] })), euros(4.9));
  assert.equal(back(create(RefundSchema, { status: RefundStatus.PENDING, amount: euros(18) })), undefined);
});

const left = { money: euros(11.9), lines: { MUG: 2, BOWL: 0 }, shipping: euros(4.9) };
const plan = (typed: Record<string, string>) => planned(order, left, { ...emptyRefund(order), ...typed });

test("all that is left brings all that is left of the lines back into stock, when that is wanted", () => {
  assert.deepEqual(plan({ by: "all", restock: "yes" }), { sum: left.money, lines: [], back: [{ productCode: "MUG", quantity: 2 }], amount: {} });
  assert.deepEqual(plan({ by: "all" }).back, []);
});

test("lines are given back at what they cost, an amount and delivery as they are", () => {
  const mugs = [{ productCode: "MUG", quantity: 2 }];
  assert.deepEqual(plan({ "lines.MUG": "2", restock: "yes" }), { sum: euros(10), lines: mugs, back: mugs, amount: {} });
  assert.deepEqual(plan({ by: "amount", amount: "1.5", restock: "yes", "lines.MUG": "2" }), { sum: euros(1.5), lines: [], back: [], amount: { amount: euros(1.5) } });
  assert.deepEqual(plan({ by: "shipping" }), { sum: euros(4.9), lines: [], back: [], amount: { amount: euros(4.9) } });
  assert.equal(shippingOf(create(OrderSchema, { adjustments: [{ kind: AdjustmentKind.TAX, amount: euros(2) }] })), undefined);
});

test("what is asked for does not change with what is left: an answer that was lost is asked for with the same content", () => {
  const typed = { ...emptyRefund(order), "lines.MUG": "2" };
  const afterwards = planned(order, { money: euros(1.9), lines: { MUG: 0, BOWL: 0 }, shipping: undefined }, typed);
  assert.deepEqual([afterwards.lines, afterwards.amount], [planned(order, left, typed).lines, {}]);
  const delivery = { ...typed, by: "shipping" };
  assert.deepEqual(planned(order, { ...left, shipping: undefined }, delivery), planned(order, left, delivery));
});

test("a refund names its lines", () => {
  assert.equal(linesText(order, [{ productCode: "MUG", quantity: 2 }, { productCode: "GONE", quantity: 1 }], String), "2 × Mug, 1 × GONE");
});
