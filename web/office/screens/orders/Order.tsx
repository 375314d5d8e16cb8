import { useQuery } from "@connectrpc/connect-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { PostalLines } from "../../components/PostalLines";
import { OrderBadge } from "../../components/OrderBadge";
import { Facts } from "../../components/Small";
import { Pending, Permitted, Stale } from "../../components/States";
import { useSession } from "../../session/browser";
import { day, time } from "../../texts/format";
import { languageName } from "../../texts/languages";
import { say } from "../../texts/say";
import { Actions } from "./Actions";
import { Disputes } from "./Disputes";
import { Lines } from "./Lines";
import { Mails } from "./Mails";
import { OrderSkeleton } from "./OrderSkeleton";
import { PaymentPart } from "./PaymentPart";
import { TimelinePart } from "./TimelinePart";

// How often an open order is read again, in milliseconds.
const LOOK = 15_000;

const route = getRouteApi("/orders/$id");

/** An order with all that is known about it, and all that can be done with it. */
export function OrderScreen(): ReactNode {
  return <Permitted permission={Permission.ORDERS_READ}><Loaded /></Permitted>;
}

function Loaded() {
  const { id } = route.useParams();
  const { data, error, dataUpdatedAt, refetch } = useQuery(OrderService.method.getOrder, { id }, { refetchInterval: LOOK });
  if (!data?.order) return <Pending title={say("nav.orders")} error={error} retry={() => void refetch()}><OrderSkeleton /></Pending>;
  return (
    <>
      <Stale error={error} since={dataUpdatedAt} retry={() => void refetch()} />
      <Shown order={data.order} />
    </>
  );
}

function Shown({ order }: { order: Order }) {
  const session = useSession();
  return (
    <article className="order">
      <header className="stack">
        <p><Link to="/orders" search={{}}>{say("nav.orders")}</Link></p>
        <div className="heading"><h1><bdi>{order.number}</bdi></h1><OrderBadge order={order} /></div>
        <p className="soft">{say("order.placed_at", { Time: time(order.createTime) })}</p>
        <Actions order={order} />
      </header>
      <Disputes order={order} />
      <Lines order={order} />
      <section className="stack">
        <h2>{say("order.customer")}</h2>
        <Facts facts={[
          [say("contact.name"), <bdi key="name">{order.contact?.firstName} {order.contact?.lastName}</bdi>],
          [say("contact.email"), <a key="mail" href={`mailto:${order.contact?.email ?? ""}`}>{order.contact?.email}</a>],
          [say("contact.phone"), order.contact?.phone || "–"],
          [say("order.language"), order.languageCode ? languageName(order.languageCode) : say("order.language_shop")],
        ]} />
        <h3>{say("order.address")}</h3>
        <PostalLines address={order.shippingAddress} />
      </section>
      {order.shipment && (
        <section className="stack">
          <h2>{say("order.shipment")}</h2>
          <Facts facts={[
            [say("shipment.carrier"), order.shipment.carrier || "–"],
            [say("shipment.code"), <bdi key="code">{order.shipment.trackingCode || "–"}</bdi>],
            [say("shipment.sent"), day(order.shipment.shipTime)],
            [say("shipment.arrived"), order.shipment.deliverTime ? day(order.shipment.deliverTime) : "–"],
          ]} />
        </section>
      )}
      <PaymentPart order={order} />
      <Mails order={order} />
      <TimelinePart order={order} />
      {session.may(Permission.ACTIVITY_READ) && <p><Link to="/activity" search={{ q: `orders/${order.id}` }}>{say("activity.here")}</Link></p>}
    </article>
  );
}
