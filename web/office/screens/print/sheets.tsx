import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderState } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import type { Refund } from "@shopmesh/api/shopmesh/payment/v1/payment_pb";
import type { ReactNode } from "react";
import { PostalLines } from "../../components/PostalLines";
import { PrintSheet } from "../../components/PrintSheet";
import { Facts } from "../../components/Small";
import { positive } from "../../form/money";
import { imprint } from "../../rpc/shop";
import { number } from "../../texts/format";
import { say } from "../../texts/say";
import { picksOf } from "./picks";
import { paidOn, returnedOf } from "./receipt";
import { wordsOf, type Words } from "./words";

/** What goes into the parcel, in the language of the order. */
export function Slip({ order }: { order: Order }) {
  const words = wordsOf(order.languageCode);
  return (
    <PrintSheet lang={words.language} dir={words.direction} name={words.say("sheet.slip")}>
      <Recipient order={order} words={words} />
      <Facts facts={[
        [words.say("sheet.number"), <bdi key="number">{order.number}</bdi>],
        [words.say("sheet.ordered"), words.day(order.createTime)],
      ]} />
      <table className="order-lines">
        <thead><tr><th scope="col">{words.say("sheet.product")}</th><th scope="col">{words.say("sheet.quantity")}</th></tr></thead>
        <tbody>
          {order.lines.map((line) => (
            <tr key={line.productCode}>
              <th scope="row"><bdi>{line.name}</bdi> <bdi className="soft">{line.productCode}</bdi></th>
              <td>{words.number(line.quantity)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </PrintSheet>
  );
}

/** What the customer keeps for the books, in the language of the order: who sold what to whom, and what was paid and went back. */
export function Receipt({ order, refunds }: { order: Order; refunds: readonly Refund[] | undefined }) {
  const words = wordsOf(order.languageCode);
  const paid = positive(order.captured);
  const from = imprint(words.language);
  return (
    <PrintSheet lang={words.language} dir={words.direction} name={words.say("sheet.receipt")}>
      {from.lines.length > 0 && <address className="soft" lang={from.language} dir="auto">{from.lines.map((line, at) => <span key={at}>{line}</span>)}</address>}
      <Recipient order={order} words={words} />
      <Facts facts={[
        [words.say("sheet.number"), <bdi key="number">{order.number}</bdi>],
        [words.say("sheet.ordered"), words.day(order.createTime)],
        ...(paid && paidOn(order) ? [[words.say("sheet.paid_on"), words.day(paidOn(order))] as const] : []),
        ...(paid ? [[words.say("sheet.method"), <bdi key="method">{words.method(order.paymentMethod)}</bdi>] as const] : []),
      ]} />
      {order.state === OrderState.CANCELLED && <p>{words.say("sheet.cancelled")}</p>}
      {!paid && order.state !== OrderState.CANCELLED && <p>{words.say("sheet.unpaid")}</p>}
      <table className="order-lines">
        <thead>
          <tr>
            <th scope="col">{words.say("sheet.product")}</th>
            <th scope="col">{words.say("sheet.price")}</th>
            <th scope="col">{words.say("sheet.quantity")}</th>
            <th scope="col">{words.say("sheet.amount")}</th>
          </tr>
        </thead>
        <tbody>
          {order.lines.map((line) => (
            <tr key={line.productCode}>
              <th scope="row"><bdi>{line.name}</bdi> <bdi className="soft">{line.productCode}</bdi></th>
              <td><bdi className="price">{words.money(line.unitPrice)}</bdi></td>
              <td>{words.number(line.quantity)}</td>
              <td><bdi className="price">{words.money(line.total)}</bdi></td>
            </tr>
          ))}
        </tbody>
        <tfoot><Sums order={order} refunds={refunds} words={words} /></tfoot>
      </table>
    </PrintSheet>
  );
}

// What the order costs, what was paid of that, and what went back.
function Sums({ order, refunds, words }: { order: Order; refunds: readonly Refund[] | undefined; words: Words }) {
  const returned = returnedOf(order, refunds);
  const sum = (key: string, name: ReactNode, amount: Order["total"]) => (
    <tr key={key}><th scope="row" colSpan={3}>{name}</th><td><bdi className="price">{words.money(amount)}</bdi></td></tr>
  );
  return (
    <>
      {order.adjustments.length > 0 && sum("subtotal", words.say("sheet.subtotal"), order.subtotal)}
      {order.adjustments.map((adjustment, at) => sum(`adjustment-${at}`, <bdi>{adjustment.label}</bdi>, adjustment.amount))}
      {sum("total", words.say("sheet.total"), order.total)}
      {positive(order.captured) && sum("paid", words.say("sheet.paid"), order.captured)}
      {returned.map(({ kind, amount, at }, nth) => sum(`returned-${nth}`, at ? words.say(kind === "refunded" ? "sheet.refunded_on" : "sheet.disputed", { Day: words.day(at) }) : words.say("sheet.refunded"), amount))}
      {returned.length > 0 && sum("kept", words.say("sheet.kept"), order.balance)}
    </>
  );
}

function Recipient({ order, words }: { order: Order; words: Words }) {
  const name = `${order.contact?.firstName ?? ""} ${order.contact?.lastName ?? ""}`.trim();
  return <PostalLines address={order.shippingAddress} name={name} within={words.locale} />;
}

/** What all orders need from the shelves, in the language of the office. */
export function PickList({ orders }: { orders: readonly Order[] }) {
  return (
    <PrintSheet name={say("print.pick")}>
      <table className="order-lines">
        <thead><tr><th scope="col">{say("product.code")}</th><th scope="col">{say("line.product")}</th><th scope="col">{say("line.quantity")}</th><th scope="col">{say("nav.orders")}</th></tr></thead>
        <tbody>
          {picksOf(orders).map((pick) => (
            <tr key={pick.code}><th scope="row"><bdi>{pick.code}</bdi></th><td>{pick.name}</td><td>{number(pick.quantity)}</td><td><bdi>{pick.numbers.join(", ")}</bdi></td></tr>
          ))}
        </tbody>
      </table>
    </PrintSheet>
  );
}
