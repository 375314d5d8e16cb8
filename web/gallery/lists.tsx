import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderState } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { Button } from "../office/components/Button";
import type { GridColumn } from "../office/components/DataGrid";
import { DataGrid } from "../office/components/DataGrid";
import type { TableColumn } from "../office/components/DataTable";
import { DataTable } from "../office/components/DataTable";
import { DayFilter, FilterBar, Views } from "../office/components/FilterBar";
import { NewRows } from "../office/components/NewRows";
import { OrderBadge } from "../office/components/OrderBadge";
import { RowBars, Skeleton } from "../office/components/Skeleton";
import { ListSize, Pager, Price } from "../office/components/Small";
import { EmptyState, Failed } from "../office/components/States";
import type { Branch } from "../office/components/Tree";
import { Tree } from "../office/components/Tree";
import { say } from "../office/texts/say";
import { failure, order } from "./examples";
import type { Shown } from "./shown";
import { Kept, nothing } from "./shown";

const orders = [order(OrderState.CONFIRMED), order(OrderState.SHIPPED), order(OrderState.CANCELLED)];
const columns: readonly TableColumn<Order>[] = [
  { id: "number", name: say("order.number"), cell: ({ number }) => <bdi>{number}</bdi> },
  { id: "state", name: say("order.state"), cell: (one) => <OrderBadge order={one} /> },
  { id: "total", name: say("order.total"), figures: true, cell: ({ total }) => <Price amount={total} /> },
];
const table = { label: say("nav.orders"), columns, keyOf: ({ id }: Order) => id, empty: <EmptyState text={say("orders.empty")} /> };

interface Row {
  code: string;
  price: string;
  changed: boolean;
}
const rows: readonly Row[] = [{ code: "MUG", price: "16.00", changed: false }, { code: "CUP", price: "18.00", changed: true }, { code: "BOWL", price: "x", changed: true }];
const cells: readonly GridColumn<Row>[] = [
  { id: "code", name: say("product.code"), cell: ({ code }) => <bdi>{code}</bdi> },
  { id: "price", name: say("product.price"), figures: true, text: ({ price }) => price, wrong: ({ price }) => price === "x", cell: ({ price, changed }) => <span className={changed ? "changed" : ""}>{price}</span> },
];

const leaf = (id: string, name: string): Branch<string> => ({ id, name, value: id, branches: [] });
const branches: readonly Branch<string>[] = [
  { ...leaf("kitchen", "Kitchen"), branches: [leaf("cups", "Cups and mugs"), leaf("long", "Donaudampfschifffahrtsgesellschaftskapitänsmützen")] },
  { ...leaf("garden", "Garden"), branches: [leaf("pots", "Pots")] },
];
const tree = { label: say("nav.categories"), branches, beside: () => <Button kind="quiet" onPress={nothing}>{say("category.change")}</Button> };

const views = [{ id: "all", name: say("orders.view.all") }, { id: "ship", name: say("orders.view.to_ship") }] as const;

/** What lists are made of. */
export const lists: readonly Shown[] = [
  {
    name: "DataTable",
    states: [
      { name: "rows", shown: <DataTable {...table} rows={orders} onOpen={nothing} /> },
      { name: "two selected", shown: <Kept<ReadonlySet<string>> first={new Set(["CONFIRMED", "SHIPPED"])}>{(selected, select) => <DataTable {...table} rows={orders} selected={selected} onSelect={select} />}</Kept> },
      { name: "none", shown: <DataTable {...table} rows={[]} /> },
      { name: "in its place while it is loading", shown: <Skeleton><RowBars columns={columns} rows={3} counted selected /></Skeleton> },
      { name: "in its place where it could not be loaded", shown: <Failed error={failure("UNAVAILABLE")} retry={nothing} /> },
    ],
  },
  {
    name: "DataGrid",
    states: [{ name: "as it is, changed and wrong", shown: <DataGrid label={say("nav.products")} columns={cells} rows={rows} keyOf={({ code }) => code} onOpen={nothing} onType={nothing} onPaste={nothing} onUndo={nothing} empty={null} /> }],
  },
  {
    name: "FilterBar",
    states: [
      { name: "nothing set", shown: <FilterBar query="" label={say("orders.search")} onSearch={nothing} onClear={undefined} /> },
      { name: "narrowed", shown: <FilterBar query="lovelace" label={say("orders.search")} onSearch={nothing} onClear={nothing} /> },
    ],
  },
  { name: "Views", states: [{ name: "the first", shown: <Kept<(typeof views)[number]["id"]> first="all">{(current, choose) => <Views views={views} current={current} onChoose={choose} />}</Kept> }] },
  {
    name: "DayFilter",
    states: [
      { name: "no day", shown: <Kept<string | undefined> first={undefined}>{(day, choose) => <DayFilter name="from" label={say("filter.from")} value={day} onChange={choose} />}</Kept> },
      { name: "a day", shown: <Kept<string | undefined> first="2026-11-30">{(day, choose) => <DayFilter name="to" label={say("filter.to")} value={day} onChange={choose} />}</Kept> },
    ],
  },
  { name: "ListSize", states: [{ name: "one", shown: <ListSize size={1} /> }, { name: "many", shown: <ListSize size={1234} /> }, { name: "too many to count", shown: <ListSize size={10_001} /> }] },
  { name: "NewRows", states: [{ name: "one", shown: <NewRows held={{ fresh: 1, take: nothing }} /> }, { name: "three", shown: <NewRows held={{ fresh: 3, take: nothing }} /> }] },
  {
    name: "Pager",
    states: [
      { name: "the first page", shown: <Pager page={undefined} next="2" go={nothing} /> },
      { name: "between", shown: <Pager page="2" next="3" go={nothing} /> },
      { name: "the last page", shown: <Pager page="3" next="" go={nothing} /> },
    ],
  },
  {
    name: "Tree",
    states: [
      { name: "closed", shown: <Kept<ReadonlySet<string>> first={new Set()}>{(expanded, expand) => <Tree {...tree} expanded={expanded} onExpand={expand} />}</Kept> },
      { name: "one branch open", shown: <Kept<ReadonlySet<string>> first={new Set(["kitchen"])}>{(expanded, expand) => <Tree {...tree} expanded={expanded} onExpand={expand} />}</Kept> },
    ],
  },
];
