import { Link } from "@tanstack/react-router";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { ControlBar, Skeleton, TextBar } from "../../components/Skeleton";
import { Facts } from "../../components/Small";
import { useSession } from "../../session/browser";
import type { TextId } from "../../texts/say";
import { say } from "../../texts/say";
import { MailBars } from "./Mails";
import { PaymentBars } from "./PaymentPart";
import { TimelineBars } from "./TimelinePart";

const changes: readonly TextId[] = ["ship.open", "correct.open", "cancel.open"];
const sheets: readonly TextId[] = ["print.slip", "print.pick", "print.receipt"];
const contact = ["contact.name", "contact.email", "contact.phone", "order.language"] as const;

/** Holds the place of an order that is to be shipped, as most are that are opened. */
export function OrderSkeleton(): ReactNode {
  const session = useSession();
  const actions = session.may(Permission.ORDERS_WRITE) ? [...changes, ...sheets] : sheets;
  return (
    <article className="order">
      <header className="stack">
        <p><Link to="/orders" search={{}}>{say("nav.orders")}</Link></p>
        <div className="heading"><h1>{say("nav.orders")}</h1></div>
        <Skeleton>
          <p><TextBar /></p>
          <div className="actions">{actions.map((name) => <ControlBar key={name}>{say(name)}</ControlBar>)}</div>
        </Skeleton>
      </header>
      <section className="stack"><h2>{say("order.lines")}</h2><LineBars /></section>
      <section className="stack">
        <h2>{say("order.customer")}</h2>
        <Skeleton>
          <Facts facts={contact.map((name) => [say(name), <TextBar key={name} />])} />
          <h3>{say("order.address")}</h3>
          <address><TextBar /><TextBar /><TextBar /></address>
        </Skeleton>
      </section>
      {session.may(Permission.PAYMENTS_READ) && <section className="stack"><h2>{say("order.payment")}</h2><PaymentBars left refunded={false} /></section>}
      {session.may(Permission.NOTIFICATIONS_READ) && <section className="stack"><h2>{say("order.mails")}</h2><MailBars /></section>}
      <section className="stack"><h2>{say("order.timeline")}</h2><TimelineBars /></section>
    </article>
  );
}

function LineBars() {
  return (
    <Skeleton>
      <table className="order-lines">
        <thead>
          <tr><th>{say("line.product")}</th><th>{say("line.price")}</th><th>{say("line.quantity")}</th><th>{say("line.total")}</th></tr>
        </thead>
        <tbody><tr><th><TextBar /></th><td><TextBar /></td><td><TextBar /></td><td><TextBar /></td></tr></tbody>
        <tfoot><tr><th colSpan={3}>{say("order.total")}</th><td><TextBar /></td></tr></tfoot>
      </table>
    </Skeleton>
  );
}
