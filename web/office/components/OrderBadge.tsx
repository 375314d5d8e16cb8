import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderDisputeStatus, OrderState } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { StateBadge } from "./Small";
import { positive } from "../form/money";
import { say } from "../texts/say";

type Known = Exclude<keyof typeof OrderState, "UNSPECIFIED">;

/** The name of an order's state. */
export function stateName(state: OrderState): string {
  return say(`order.state.${OrderState[state] as Known}`);
}

const kinds: Record<OrderState, "todo" | "good" | "bad" | "done"> = {
  [OrderState.UNSPECIFIED]: "done",
  [OrderState.PLACED]: "done",
  [OrderState.AWAITING_PAYMENT]: "done",
  [OrderState.CONFIRMED]: "todo",
  [OrderState.SHIPPED]: "good",
  [OrderState.DELIVERED]: "good",
  [OrderState.CANCELLED]: "bad",
};

/** Whether a bank waits for the shop's answer. */
export function disputed(order: Order): boolean {
  return order.disputes.some((dispute) => dispute.status === OrderDisputeStatus.NEEDS_RESPONSE || dispute.status === OrderDisputeStatus.UNDER_REVIEW);
}

/** Where an order is on its way, and what else whoever looks at a list must know of it. */
export function OrderBadge({ order }: { order: Order }) {
  return (
    <span className="state-badges">
      <StateBadge kind={kinds[order.state]}>{stateName(order.state)}</StateBadge>
      {disputed(order) && <StateBadge kind="bad">{say("order.disputed")}</StateBadge>}
      {positive(order.refunded) && <StateBadge kind="done">{say("order.refunded")}</StateBadge>}
    </span>
  );
}
