import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { Price } from "../../components/Small";
import { number } from "../../texts/format";
import { say } from "../../texts/say";

/** What was ordered, and what it comes to. */
export function Lines({ order }: { order: Order }) {
  return (
    <section className="stack">
      <h2>{say("order.lines")}</h2>
      <table className="order-lines">
        <thead>
          <tr><th scope="col">{say("line.product")}</th><th scope="col">{say("line.price")}</th><th scope="col">{say("line.quantity")}</th><th scope="col">{say("line.total")}</th></tr>
        </thead>
        <tbody>
          {order.lines.map((line) => (
            <tr key={line.productCode}>
              <th scope="row">{line.name} <bdi className="soft">{line.productCode}</bdi></th>
              <td><Price amount={line.unitPrice} /></td>
              <td>{number(line.quantity)}</td>
              <td><Price amount={line.total} /></td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          {order.adjustments.map((adjustment, at) => (
            <tr key={at}><th scope="row" colSpan={3}>{adjustment.label}</th><td><Price amount={adjustment.amount} /></td></tr>
          ))}
          <tr><th scope="row" colSpan={3}>{say("order.total")}</th><td><Price amount={order.total} /></td></tr>
        </tfoot>
      </table>
    </section>
  );
}
