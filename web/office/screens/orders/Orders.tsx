import { keepPreviousData } from "@tanstack/react-query";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { useState } from "react";
import { BulkBar } from "../../components/BulkBar";
import { Button } from "../../components/Button";
import type { TableColumn } from "../../components/DataTable";
import { DataTable } from "../../components/DataTable";
import { DayFilter, FilterBar, Views } from "../../components/FilterBar";
import { useHeld } from "../../components/held";
import { NewRows } from "../../components/NewRows";
import { OrderBadge } from "../../components/OrderBadge";
import { ControlBar, ListSizeBar, RowBars, Skeleton } from "../../components/Skeleton";
import { ListSize, Pager, Price } from "../../components/Small";
import { EmptyState, Failed, Permitted } from "../../components/States";
import { useAsksTotal, useTotal } from "../../components/useTotal";
import type { Narrowing } from "../../rpc/search";
import { setOnly } from "../../rpc/search";
import { useSession } from "../../session/browser";
import { time } from "../../texts/format";
import { count, say } from "../../texts/say";
import { ExportButton } from "./ExportButton";
import { ShipBegun } from "./ShipBegun";
import { ShipMany } from "./ShipMany";
import type { OrderSearch } from "./search";
import { orderFilter, views } from "./search";
import type { Shipment } from "./shipping";
import { shipmentOf } from "./shipping";

// What can be printed about orders (screens/print).
const sheets = ["slip", "pick", "receipt"] as const;
type Sheet = (typeof sheets)[number];

const PAGE = 50;
// How many can be selected at once beyond a page; the address of what is printed about them has room for that many.
const MOST = 200;
// How often the list looks for what is new, in milliseconds.
const LOOK = 30_000;

const columns: readonly TableColumn<Order>[] = [
  { id: "number", name: say("order.number"), cell: (order) => <Link to="/orders/$id" params={{ id: order.id }}><bdi>{order.number}</bdi></Link> },
  { id: "placed", name: say("order.placed"), cell: (order) => time(order.createTime) },
  { id: "customer", name: say("order.customer"), cell: (order) => <bdi>{order.contact?.firstName} {order.contact?.lastName}</bdi> },
  { id: "state", name: say("order.state"), cell: (order) => <OrderBadge order={order} /> },
  { id: "total", name: say("order.total"), figures: true, cell: (order) => <Price amount={order.total} /> },
];

/** The list of orders. Its address holds all that it is narrowed by. */
export function Orders(): ReactNode {
  return <Permitted permission={Permission.ORDERS_READ}><List /></Permitted>;
}

const route = getRouteApi("/orders");

function List() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const mayShip = useSession().may(Permission.ORDERS_WRITE);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [shipping, setShipping] = useState<Shipment>();
  const filter = orderFilter(search);
  const list = useQuery(OrderService.method.listOrders, {
    pageSize: PAGE, filter, pageToken: search.page ?? "", includeTotalSize: useAsksTotal(search.page),
  }, { placeholderData: keepPreviousData, refetchInterval: LOOK });
  const size = useTotal(filter, list);
  const held = useHeld(list, filter + (search.page ?? ""), (answer) => answer.orders, (order) => order.id);
  const fitting = useMutation(OrderService.method.listOrders, { onSuccess: ({ orders }) => setSelected(new Set(orders.map(({ id }) => id))) });
  const narrow = (change: Narrowing<OrderSearch>) => {
    setSelected(new Set());
    fitting.reset();
    void navigate({ search: (last) => setOnly<OrderSearch>({ ...last, page: undefined, ...change }) });
  };
  const clear = () => narrow({ q: undefined, view: undefined, from: undefined, to: undefined });
  const print = (sheet: Sheet) => void navigate({ to: "/print", search: { sheet, orders: [...selected].join(",") } });
  const narrowed = Object.entries(search).some(([name, value]) => name !== "page" && value !== undefined);
  const known = new Map([...(fitting.data?.orders ?? []), ...held.rows].map((order) => [order.id, order]));
  const chosen = [...known.values()].filter((order) => selected.has(order.id));
  const total = size ?? 0;
  const more = chosen.length < total && held.rows.every((order) => selected.has(order.id));
  return (
    <section className="stack">
      <h1>{say("nav.orders")}</h1>
      {mayShip && <ShipBegun onGoOn={setShipping} />}
      <Views views={views.map((id) => ({ id, name: say(`orders.view.${id}`) }))} current={search.view ?? "all"}
        onChoose={(view) => narrow({ view: view === "all" ? undefined : view })} />
      <FilterBar label={say("orders.search")} query={search.q ?? ""} onSearch={(q) => narrow({ q: q || undefined })}
        onClear={narrowed ? clear : undefined}>
        <DayFilter name="from" label={say("filter.from")} value={search.from} onChange={(from) => narrow({ from })} />
        <DayFilter name="to" label={say("filter.to")} value={search.to} onChange={(to) => narrow({ to })} />
      </FilterBar>
      {list.error && <Failed error={list.error} retry={() => void list.refetch()} first={() => narrow({ page: undefined })} />}
      {list.isPending && (
        <Skeleton>
          <div className="row"><ListSizeBar /><ControlBar>{say("orders.export")}</ControlBar></div>
          <RowBars columns={columns} selected />
        </Skeleton>
      )}
      {list.data && (
        <>
          <div className="row"><ListSize size={size} /><ExportButton filter={filter} /></div>
          <NewRows held={held} />
          <DataTable label={say("nav.orders")} columns={columns} rows={held.rows} keyOf={(order) => order.id} selected={selected} onSelect={setSelected}
            onOpen={(order) => void navigate({ to: "/orders/$id", params: { id: order.id } })}
            empty={<EmptyState text={narrowed ? say("list.nothing") : say("orders.empty")}>
              {narrowed && <Button kind="quiet" onPress={clear}>{say("filter.clear")}</Button>}
            </EmptyState>} />
          {fitting.error && <Failed error={fitting.error} retry={() => fitting.mutate({ filter, pageSize: MOST })} />}
          <BulkBar selected={chosen.length} onClear={() => setSelected(new Set())}>
            {more && (total > MOST
              ? <span>{say("bulk.most", { Most: MOST })}</span>
              : <Button kind="quiet" pending={fitting.isPending} onPress={() => fitting.mutate({ filter, pageSize: MOST })}>{count("bulk.all", total)}</Button>)}
            {sheets.map((sheet) => <Button key={sheet} kind="quiet" onPress={() => print(sheet)}>{say(`print.${sheet}`)}</Button>)}
            {mayShip && <Button onPress={() => setShipping(shipmentOf(chosen))}>{say("orders.ship")}</Button>}
          </BulkBar>
          <Pager page={search.page} next={list.data.nextPageToken} go={(page) => narrow({ page })} />
        </>
      )}
      {shipping && <ShipMany shipment={shipping} onClose={() => {
        setShipping(undefined);
        void list.refetch().then(held.take);
      }} />}
    </section>
  );
}
