import { NotificationStatus } from "@shopmesh/api/shopmesh/notification/v1/notification_pb";
import { OrderState } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { BarChart } from "../office/components/BarChart";
import { MailBadge } from "../office/components/mail";
import { OrderBadge } from "../office/components/OrderBadge";
import { PostalLines } from "../office/components/PostalLines";
import { Facts, Price, StateBadge } from "../office/components/Small";
import { Timeline } from "../office/components/Timeline";
import { PickList, Receipt, Slip } from "../office/screens/print/sheets";
import { dayName, number } from "../office/texts/format";
import { say } from "../office/texts/say";
import { fromNumber } from "../office/form/money";
import { at, disputed, euros, order } from "./examples";
import type { Shown } from "./shown";

const placed = order(OrderState.CONFIRMED);
const states = [OrderState.PLACED, OrderState.AWAITING_PAYMENT, OrderState.CONFIRMED, OrderState.SHIPPED, OrderState.DELIVERED, OrderState.CANCELLED];
const mails = [NotificationStatus.PENDING, NotificationStatus.SENT, NotificationStatus.FAILED, NotificationStatus.ERASED];

const bars = Array.from({ length: 30 }, (_, day) => {
  const value = (day * 7) % 11;
  return { name: dayName(`2026-11-${String(day + 1).padStart(2, "0")}`), value, text: number(value) };
});

/** What tells of orders, their money and their days. */
export const orders: readonly Shown[] = [
  {
    name: "StateBadge",
    states: (["todo", "good", "bad", "done"] as const).map((kind) => ({ name: kind, shown: <p><StateBadge kind={kind}>{say("order.state")}</StateBadge></p> })),
  },
  {
    name: "OrderBadge",
    states: [
      ...states.map((state) => ({ name: OrderState[state], shown: <p><OrderBadge order={order(state)} /></p> })),
      { name: "disputed and refunded", shown: <p><OrderBadge order={disputed()} /></p> },
    ],
  },
  { name: "MailBadge", states: mails.map((status) => ({ name: NotificationStatus[status], shown: <p><MailBadge status={status} /></p> })) },
  {
    name: "Price",
    states: [
      { name: "euros", shown: <p><Price amount={euros(1234.5)} /></p> },
      { name: "yen, without decimals", shown: <p><Price amount={fromNumber(1700, "JPY")} /></p> },
      { name: "none", shown: <p><Price amount={undefined} /></p> },
    ],
  },
  { name: "Facts", states: [{ name: "two", shown: <Facts facts={[[say("contact.email"), placed.contact?.email], [say("order.total"), <Price key="total" amount={placed.total} />]]} /> }] },
  { name: "PostalLines", states: [{ name: "with a company", shown: <PostalLines address={placed.shippingAddress} name="Ada Lovelace" /> }] },
  {
    name: "Timeline",
    states: [{ name: "two entries", shown: <Timeline entries={[{ at: at("11:04"), told: <span>{say("order.state.CONFIRMED")}</span>, actor: "" }, { at: at("11:03"), told: <span>{say("order.state.PLACED")}</span>, actor: "staff/grace" }]} /> }],
  },
  {
    name: "BarChart",
    states: [
      { name: "a month", shown: <BarChart label={say("nav.orders")} bars={bars} /> },
      { name: "nothing sold", shown: <BarChart label={say("sales.empty")} bars={bars.map((bar) => ({ ...bar, value: 0 }))} /> },
    ],
  },
  {
    name: "PrintSheet",
    states: [
      { name: "a slip", shown: <Slip order={placed} /> },
      { name: "a receipt", shown: <Receipt order={placed} refunds={undefined} /> },
      { name: "a receipt in Arabic", shown: <Receipt order={{ ...placed, languageCode: "ar" }} refunds={undefined} /> },
      { name: "a pick list", shown: <PickList orders={[placed, order(OrderState.SHIPPED)]} /> },
    ],
  },
];
