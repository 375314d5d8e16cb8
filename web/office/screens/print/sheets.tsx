import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { Address } from "../../components/Address";
import { Price } from "../../components/Small";
import { shop } from "../../rpc/shop";
import { day, number } from "../../texts/format";
import { say } from "../../texts/say";
import { picksOf } from "./picks";

/** What goes into the parcel, or with prices what the customer keeps for the books. */
export function Slip({ order, priced }: { order: Order; priced: boolean }) {
  return (
    <section className="print-sheet">
      <header className="heading"><strong>{shop().name}</strong><span>{priced ? say("print.receipt") : say("print.slip")}</span></header>
      <Address address={order.shippingAddress} name={`${order.contact?.firstName ?? ""} ${order.contact?.lastName ?? ""}`.trim()} />
      <p>{say("order.number")}: <bdi>{order.number}</bdi> · {day(order.createTime)}</p>
      <table className="order-lines">
        <thead>
          <tr>
            <th scope="col">{say("line.product")}</th>
            {priced && <th scope="col">{say("line.price")}</th>}
            <th scope="col">{say("line.quantity")}</th>
            {priced && <th scope="col">{say("line.total")}</th>}
          </tr>
        </thead>
        <tbody>
          {order.lines.map((line) => (
            <tr key={line.productCode}>
              <th scope="row">{line.name} <bdi className="soft">{line.productCode}</bdi></th>
              {priced && <td><Price amount={line.unitPrice} /></td>}
              <td>{number(line.quantity)}</td>
              {priced && <td><Price amount={line.total} /></td>}
            </tr>
          ))}
        </tbody>
        {priced && (
          <tfoot>
            {order.adjustments.map((adjustment, at) => <tr key={at}><th scope="row" colSpan={3}>{adjustment.label}</th><td><Price amount={adjustment.amount} /></td></tr>)}
            <tr><th scope="row" colSpan={3}>{say("order.total")}</th><td><Price amount={order.total} /></td></tr>
          </tfoot>
        )}
      </table>
    </section>
  );
}

/** What all orders need from the shelves. */
export function PickList({ orders }: { orders: readonly Order[] }) {
  return (
    <section className="print-sheet">
      <header className="heading"><strong>{shop().name}</strong><span>{say("print.pick")}</span></header>
      <table className="order-lines">
        <thead><tr><th scope="col">{say("product.code")}</th><th scope="col">{say("line.product")}</th><th scope="col">{say("line.quantity")}</th><th scope="col">{say("nav.orders")}</th></tr></thead>
        <tbody>
          {picksOf(orders).map((pick) => (
            <tr key={pick.code}><th scope="row"><bdi>{pick.code}</bdi></th><td>{pick.name}</td><td>{number(pick.quantity)}</td><td><bdi>{pick.numbers.join(", ")}</bdi></td></tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
