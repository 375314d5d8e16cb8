import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData, skipToken } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Customer } from "@shopmesh/api/shopmesh/customer/v1/customer_pb";
import { CustomerService } from "@shopmesh/api/shopmesh/customer/v1/customer_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import type { ReactNode } from "react";
import { PostalLines } from "../../components/PostalLines";
import type { TableColumn } from "../../components/DataTable";
import { DataTable } from "../../components/DataTable";
import { OrderBadge } from "../../components/OrderBadge";
import { ControlBar, RowBars, Skeleton, TextBar } from "../../components/Skeleton";
import { Facts, Notice, Pager, Price } from "../../components/Small";
import { EmptyState, Failed, Pending, Permitted, Stale } from "../../components/States";
import { quoted } from "../../rpc/filter";
import { setOnly } from "../../rpc/search";
import { useSession } from "../../session/browser";
import { day, time } from "../../texts/format";
import { say } from "../../texts/say";
import { Erase } from "./Erase";
import { Export } from "./Export";

const columns: readonly TableColumn<Order>[] = [
  { id: "number", name: say("order.number"), cell: (order) => <Link to="/orders/$id" params={{ id: order.id }}><bdi>{order.number}</bdi></Link> },
  { id: "placed", name: say("order.placed"), cell: (order) => time(order.createTime) },
  { id: "state", name: say("order.state"), cell: (order) => <OrderBadge order={order} /> },
  { id: "total", name: say("order.total"), figures: true, cell: (order) => <Price amount={order.total} /> },
];

const route = getRouteApi("/customers/$id");

/** A customer, with the orders and what can be done with their data. */
export function CustomerScreen(): ReactNode {
  return <Permitted permission={Permission.CUSTOMERS_READ}><Loaded /></Permitted>;
}

function Loaded() {
  const { id } = route.useParams();
  const { data, error, dataUpdatedAt, refetch } = useQuery(CustomerService.method.getCustomer, { id });
  if (!data?.customer) return <Pending title={say("nav.customers")} error={error} retry={() => void refetch()}><Loading /></Pending>;
  return (
    <>
      <Stale error={error} since={dataUpdatedAt} retry={() => void refetch()} />
      <Shown customer={data.customer} />
    </>
  );
}

// Holds the place of a customer with one address.
function Loading() {
  const session = useSession();
  const names = ["contact.email", "contact.phone", "customer.since"] as const;
  return (
    <article className="order">
      <header className="stack">
        <p><Link to="/customers" search={{}}>{say("nav.customers")}</Link></p>
        <h1>{say("nav.customers")}</h1>
        <Skeleton>
          <div className="actions"><ControlBar>{say("customer.export")}</ControlBar>{session.may(Permission.CUSTOMERS_WRITE) && <ControlBar>{say("erase.open")}</ControlBar>}</div>
        </Skeleton>
      </header>
      <section className="stack">
        <Skeleton>
          <Facts facts={names.map((name) => [say(name), <TextBar key={name} />])} />
          <address><TextBar /><TextBar /><TextBar /></address>
        </Skeleton>
      </section>
      {session.may(Permission.ORDERS_READ) && <section className="stack"><h2>{say("nav.orders")}</h2><OrderBars /></section>}
    </article>
  );
}

// Most customers have few orders.
function OrderBars() {
  return <Skeleton><RowBars columns={columns} rows={4} /></Skeleton>;
}

function Shown({ customer }: { customer: Customer }) {
  const session = useSession();
  return (
    <article className="order">
      <header className="stack">
        <p><Link to="/customers" search={{}}>{say("nav.customers")}</Link></p>
        <h1><bdi>{customer.firstName} {customer.lastName}</bdi></h1>
        {customer.erased && <Notice>{say("customer.erased")}</Notice>}
        <div className="actions">
          <Export who={{ id: customer.id }} />
          {!customer.erased && <Erase who={{ id: customer.id }} name={`${customer.firstName} ${customer.lastName}`.trim()} email={customer.email} />}
        </div>
      </header>
      <section className="stack">
        <Facts facts={[
          [say("contact.email"), <a key="mail" href={`mailto:${customer.email}`}>{customer.email}</a>],
          [say("contact.phone"), customer.phone || "–"],
          [say("customer.since"), day(customer.createTime)],
        ]} />
        {customer.addresses.map((address) => <PostalLines key={address.id} address={address.postalAddress} />)}
      </section>
      <Orders customer={customer} />
      {session.may(Permission.ACTIVITY_READ) && <p><Link to="/activity" search={{ q: `customers/${customer.id}` }}>{say("activity.here")}</Link></p>}
    </article>
  );
}

function Orders({ customer }: { customer: Customer }) {
  const navigate = route.useNavigate();
  const reads = useSession().may(Permission.ORDERS_READ);
  const { page } = route.useSearch();
  const list = useQuery(OrderService.method.listOrders, reads ? { filter: `customer_id = ${quoted(customer.id)}`, pageToken: page ?? "" } : skipToken, { placeholderData: keepPreviousData });
  if (!reads) return null;
  return (
    <section className="stack">
      <h2>{say("nav.orders")}</h2>
      {list.isPending && <OrderBars />}
      {list.error && <Failed error={list.error} retry={() => void list.refetch()} />}
      {list.data && (
        <>
          <DataTable label={say("nav.orders")} columns={columns} rows={list.data.orders} keyOf={(order) => order.id}
            onOpen={(order) => void navigate({ to: "/orders/$id", params: { id: order.id } })} empty={<EmptyState text={say("customer.no_orders")} />} />
          <Pager page={page} next={list.data.nextPageToken} go={(next) => void navigate({ search: setOnly<{ page?: string }>({ page: next }) })} />
        </>
      )}
    </section>
  );
}
