import type { Order, OrderDisputeStatus } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderDisputeStatus as Status } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { Notice, Price } from "../../components/Small";
import { day } from "../../texts/format";
import { say } from "../../texts/say";

type Known = Exclude<keyof typeof Status, "UNSPECIFIED">;

function statusName(status: OrderDisputeStatus): string {
  return say(`dispute.status.${Status[status] as Known}`);
}

/** What banks demand back. */
export function Disputes({ order }: { order: Order }) {
  return order.disputes.map((dispute) => (
    <Notice key={dispute.id} kind={dispute.status === Status.WON || dispute.status === Status.CLOSED ? "good" : "bad"}>
      <p>{statusName(dispute.status)} <Price amount={dispute.amount} /> · {dispute.reason} · {day(dispute.openTime)}</p>
    </Notice>
  ));
}
