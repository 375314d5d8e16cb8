import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { Button } from "../../components/Button";
import { explain } from "../../rpc/errors";
import { number } from "../../texts/format";
import { say } from "../../texts/say";
import { linesText } from "./refund";
import type { Restock } from "./useRestock";

/** What is to be put back into stock still, after its refund was made. */
export function RestockNotice({ order, restock }: { order: Order; restock: Restock }) {
  if (restock.lines.length === 0) return null;
  return (
    <div className="notice" data-kind={restock.error == null ? "warn" : "bad"} role={restock.error == null ? "status" : "alert"}>
      <p>{say("refund.to_restock", { Lines: linesText(order, restock.lines, number) })}</p>
      {restock.error != null && <p>{explain(restock.error)}</p>}
      <div className="actions">
        <Button pending={restock.pending} onPress={restock.again}>{say("refund.restock_again")}</Button>
        {!restock.pending && <Button kind="quiet" onPress={restock.end}>{say("refund.restock_end")}</Button>}
      </div>
    </div>
  );
}
