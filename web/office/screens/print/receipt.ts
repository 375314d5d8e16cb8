// The money of an order, as its receipt states it.
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Money } from "@shopmesh/api/google/type/money_pb";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderDisputeStatus, OrderState } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import type { Refund } from "@shopmesh/api/shopmesh/payment/v1/payment_pb";
import { AttemptOutcome, RefundStatus } from "@shopmesh/api/shopmesh/payment/v1/payment_pb";
import { equal, fromNumber, minus, plus, positive } from "../../form/money";

/** Money that went back: to the customer, or to their bank in a dispute that the shop lost. */
export interface Returned {
  kind: "refunded" | "disputed";
  /** Below nothing, because it is taken off what was paid. */
  amount: Money;
  /** When; undefined where it is the sum of refunds whose days are not known. */
  at: Timestamp | undefined;
}

/** When an order was paid; undefined where it was not, or was cancelled before the money came. */
export function paidOn(order: Order): Timestamp | undefined {
  return order.history.find(({ state }) => state === OrderState.CONFIRMED)?.createTime;
}

/** What went back of an order's money. refunds are those of its payment; undefined for who may not read them, who sees their sum. */
export function returnedOf(order: Order, refunds: readonly Refund[] | undefined): Returned[] {
  return [...refundsOf(order, refunds), ...order.disputes.filter(({ status }) => status === OrderDisputeStatus.LOST).flatMap(({ amount, closeTime }): Returned[] => (
    amount ? [{ kind: "disputed", amount: negative(amount), at: closeTime }] : []
  ))];
}

// Refunds one by one, if they come to what order knows: one that order has not heard of yet would
// make a receipt whose sum is wrong.
function refundsOf({ refunded }: Order, refunds: readonly Refund[] | undefined): Returned[] {
  if (!refunded || !positive(refunded)) return [];
  const made = (refunds ?? []).filter(({ status }) => status === RefundStatus.SUCCEEDED);
  const known = made.flatMap((refund): Returned[] => (refund.amount ? [{ kind: "refunded", amount: negative(refund.amount), at: refundedOn(refund) }] : []));
  const sum = made.flatMap(({ amount }) => amount ?? []).reduce(plus, fromNumber(0, refunded.currencyCode));
  return equal(sum, refunded) ? known : [{ kind: "refunded", amount: negative(refunded), at: undefined }];
}

function refundedOn({ attempts, createTime }: Refund): Timestamp | undefined {
  return attempts.find(({ outcome }) => outcome === AttemptOutcome.SUCCEEDED)?.endTime ?? createTime;
}

function negative(amount: Money): Money {
  return minus(fromNumber(0, amount.currencyCode), amount);
}
