import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { InventoryService } from "@shopmesh/api/shopmesh/inventory/v1/inventory_service_pb";
import type { Stock } from "@shopmesh/api/shopmesh/inventory/v1/stock_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import type { TableColumn } from "../../components/DataTable";
import { DataTable } from "../../components/DataTable";
import { useHeld } from "../../components/held";
import { NewRows } from "../../components/NewRows";
import { RowBars, Skeleton } from "../../components/Skeleton";
import { ListSize, Pager } from "../../components/Small";
import { EmptyState, Failed, Permitted } from "../../components/States";
import { useAsksTotal, useTotal } from "../../components/useTotal";
import { setOnly } from "../../rpc/search";
import { number } from "../../texts/format";
import { say } from "../../texts/say";

const columns: readonly TableColumn<Stock>[] = [
  { id: "code", name: say("product.code"), cell: (stock) => <Link to="/products/$id" params={{ id: stock.productId }}><bdi>{stock.productCode}</bdi></Link> },
  { id: "available", name: say("stock.available"), figures: true, cell: (stock) => number(stock.available) },
  { id: "reserved", name: say("stock.reserved"), figures: true, cell: (stock) => number(stock.reserved) },
  { id: "on_hand", name: say("stock.on_hand"), figures: true, cell: (stock) => number(stock.onHand) },
];

/** What an address of the list holds. */
export interface StockSearch {
  page?: string;
}

/** The products of which little is left, the scarcest first. */
export function LowStock(): ReactNode {
  return <Permitted permission={Permission.STOCK_READ}><List /></Permitted>;
}

const route = getRouteApi("/stock");

function List() {
  const { page } = route.useSearch();
  const navigate = route.useNavigate();
  const go = (next: string | undefined) => void navigate({ search: setOnly<StockSearch>({ page: next }) });
  const list = useQuery(InventoryService.method.listLowStock, { pageToken: page ?? "", includeTotalSize: useAsksTotal(page) }, { placeholderData: keepPreviousData });
  const held = useHeld(list, page ?? "", (answer) => answer.stocks, (stock) => stock.productId);
  const total = useTotal("", list);
  return (
    <section className="stack">
      <h1>{say("nav.stock")}</h1>
      {list.error && <Failed error={list.error} retry={() => void list.refetch()} first={() => go(undefined)} />}
      {list.isPending && <Skeleton><RowBars columns={columns} counted /></Skeleton>}
      {list.data && (
        <>
          <ListSize size={total} />
          <NewRows held={held} />
          <DataTable label={say("nav.stock")} columns={columns} rows={held.rows} keyOf={(stock) => stock.productId}
            onOpen={(stock) => void navigate({ to: "/products/$id", params: { id: stock.productId } })} empty={<EmptyState text={say("stock.enough")} />} />
          <Pager page={page} next={list.data.nextPageToken} go={go} />
        </>
      )}
    </section>
  );
}
