import type { Order, OrderDisputeStatus } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderDisputeStatus as Status } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { Said } from "../../components/Said";
import { Notice, Price } from "../../components/Small";
import { day } from "../../texts/format";
import { say, texts } from "../../texts/say";

type Known = Exclude<keyof typeof Status, "UNSPECIFIED">;

function statusName(status: OrderDisputeStatus): string {
  return say(`dispute.status.${Status[status] as Known}`);
}

/** What banks demand back. */
export function Disputes({ order }: { order: Order }) {
  return order.disputes.map((dispute) => (
    <Notice key={dispute.id} kind={dispute.status === Status.WON || dispute.status === Status.CLOSED ? "good" : "bad"}>
      <p>{statusName(dispute.status)} <Price amount={dispute.amount} /> · <Reason code={dispute.reason} /> · {day(dispute.openTime)}</p>
    </Notice>
  ));
}

// Why, by the provider's code; one without a text as the provider says it.
function Reason({ code }: { code: string }) {
  return texts.code("dispute.reason", code) ?? <Said by={say("said.provider")} text={code} lang="en" />;
}
