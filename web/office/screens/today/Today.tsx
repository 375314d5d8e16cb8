import { useQuery } from "@connectrpc/connect-query";
import { skipToken } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { InventoryService } from "@shopmesh/api/shopmesh/inventory/v1/inventory_service_pb";
import { NotificationService } from "@shopmesh/api/shopmesh/notification/v1/notification_service_pb";
import { OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { Skeleton, TextBar } from "../../components/Skeleton";
import { EmptyState, Failed } from "../../components/States";
import { useSession } from "../../session/browser";
import { number } from "../../texts/format";
import { say } from "../../texts/say";
import { SalesPart } from "./SalesPart";

// How often the counts are read again, in milliseconds.
const LOOK = 60_000;
// The most that lists count.
const MOST = 10_000;

/** What waits for somebody: counts that lead to their lists. Those that one may not read are not there. */
export function Today(): ReactNode {
  const session = useSession();
  const orders = session.may(Permission.ORDERS_READ);
  const mails = session.may(Permission.NOTIFICATIONS_READ);
  const stock = session.may(Permission.STOCK_READ);
  const counted = { pageSize: 1, includeTotalSize: true };
  const options = { refetchInterval: LOOK };
  const toShip = useQuery(OrderService.method.listOrders, orders ? { ...counted, filter: "state = CONFIRMED" } : skipToken, options);
  const overdue = useQuery(OrderService.method.listOrders, orders ? { ...counted, filter: "overdue = true" } : skipToken, options);
  const disputed = useQuery(OrderService.method.listOrders, orders ? { ...counted, filter: "disputed = true" } : skipToken, options);
  const failed = useQuery(NotificationService.method.listNotifications,
    mails ? { ...counted, filter: "status = FAILED" } : skipToken, options);
  const low = useQuery(InventoryService.method.listLowStock, stock ? counted : skipToken, options);
  return (
    <section className="stack">
      <h1>{say("nav.today")}</h1>
      {!orders && !mails && !stock && <EmptyState text={say("today.nothing")} />}
      <ul className="figures-of-today">
        {orders && <Figure name={say("today.to_ship")} query={toShip}>{(text) => <Link to="/orders" search={{ view: "to_ship" }}>{text}</Link>}</Figure>}
        {orders && <Figure name={say("today.overdue")} query={overdue}>{(text) => <Link to="/orders" search={{ view: "overdue" }}>{text}</Link>}</Figure>}
        {orders && <Figure name={say("today.disputed")} query={disputed}>{(text) => <Link to="/orders" search={{ view: "disputed" }}>{text}</Link>}</Figure>}
        {mails && <Figure name={say("today.failed_mails")} query={failed}>{(text) => <Link to="/mails" search={{ view: "failed" }}>{text}</Link>}</Figure>}
        {stock && <Figure name={say("today.low_stock")} query={low}>{(text) => <Link to="/stock">{text}</Link>}</Figure>}
      </ul>
      {orders && <SalesPart />}
    </section>
  );
}

interface Counted {
  data: { totalSize?: number | undefined } | undefined;
  error: unknown;
  isPending: boolean;
  refetch(): unknown;
}

// A count that leads to its list.
function Figure({ name, query, children }: { name: string; query: Counted; children(text: ReactNode): ReactNode }) {
  return (
    <li>
      {query.isPending && <Skeleton><div className="figure-bar"><strong><TextBar /></strong> {name}</div></Skeleton>}
      {query.error != null && <><p>{name}</p><Failed error={query.error} retry={() => void query.refetch()} /></>}
      {query.data && children(<><strong>{size(query.data.totalSize)}</strong> {name}</>)}
    </li>
  );
}

function size(total = 0): string {
  return total > MOST ? say("list.many", { Most: MOST }) : number(total);
}
