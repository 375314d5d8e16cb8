import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData, skipToken } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { Product } from "@shopmesh/api/shopmesh/catalog/v1/product_pb";
import { InventoryService } from "@shopmesh/api/shopmesh/inventory/v1/inventory_service_pb";
import type { StockMovement } from "@shopmesh/api/shopmesh/inventory/v1/stock_pb";
import { StockMovementKind } from "@shopmesh/api/shopmesh/inventory/v1/stock_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { useState } from "react";
import { Button } from "../../components/Button";
import type { TableColumn } from "../../components/DataTable";
import { DataTable } from "../../components/DataTable";
import { ControlBar, RowBars, Skeleton, TextBar } from "../../components/Skeleton";
import { Facts, Pager } from "../../components/Small";
import { EmptyState, Failed } from "../../components/States";
import { quoted } from "../../rpc/filter";
import { setOnly } from "../../rpc/search";
import { useSession } from "../../session/browser";
import { number, time } from "../../texts/format";
import { say } from "../../texts/say";
import { AdjustDialog } from "./AdjustDialog";

type Known = Exclude<keyof typeof StockMovementKind, "UNSPECIFIED">;

const columns: readonly TableColumn<StockMovement>[] = [
  { id: "time", name: say("movement.time"), cell: (movement) => time(movement.createTime) },
  { id: "kind", name: say("movement.what"), cell: (movement) => say(`movement.kind.${StockMovementKind[movement.kind] as Known}`) },
  { id: "delta", name: say("movement.delta"), figures: true, cell: (movement) => <bdi>{movement.delta > 0n ? "+" : ""}{number(movement.delta)}</bdi> },
  { id: "after", name: say("movement.after"), figures: true, cell: (movement) => number(movement.onHandAfter) },
  { id: "reason", name: say("movement.reason"), cell: (movement) => movement.reason },
];

const PAGE = 20;

const route = getRouteApi("/products/$id");

/** How much there is of a product, why, and changing it. */
export function StockPart({ product }: { product: Product }) {
  const session = useSession();
  const { page } = route.useSearch();
  const navigate = route.useNavigate();
  const [open, setOpen] = useState(false);
  const reads = session.may(Permission.STOCK_READ);
  const stock = useQuery(InventoryService.method.getStock, reads ? { productId: product.id } : skipToken);
  const ledger = useQuery(InventoryService.method.listMovements, reads ? {
    filter: `product_id = ${quoted(product.id)}`, pageSize: PAGE, pageToken: page ?? "",
  } : skipToken, { placeholderData: keepPreviousData });
  if (!reads) return null;
  const now = stock.data?.stock;
  return (
    <section className="stack">
      <h2>{say("stock.title")}</h2>
      {stock.isPending && <StockBars />}
      {stock.error && <Failed error={stock.error} retry={() => void stock.refetch()} />}
      {now && (
        <>
          <Facts facts={[
            [say("stock.on_hand"), number(now.onHand)], [say("stock.reserved"), number(now.reserved)], [say("stock.available"), number(now.available)],
          ]} />
          {session.may(Permission.STOCK_WRITE) && <div className="actions"><Button onPress={() => setOpen(true)}>{say("stock.adjust")}</Button></div>}
          {open && <AdjustDialog stock={now} onClose={() => setOpen(false)} />}
        </>
      )}
      <h3>{say("stock.ledger")}</h3>
      {ledger.isPending && <LedgerBars />}
      {ledger.error && <Failed error={ledger.error} retry={() => void ledger.refetch()} />}
      {ledger.data && (
        <>
          <DataTable label={say("stock.ledger")} columns={columns} rows={ledger.data.movements} keyOf={(movement) => String(movement.id)}
            empty={<EmptyState text={say("stock.no_movements")} />} />
          <Pager page={page} next={ledger.data.nextPageToken} go={(next) => void navigate({ search: setOnly<{ page?: string }>({ page: next }) })} />
        </>
      )}
    </section>
  );
}

/** Holds the place of how much there is of a product. */
export function StockBars() {
  const mayWrite = useSession().may(Permission.STOCK_WRITE);
  const names = ["stock.on_hand", "stock.reserved", "stock.available"] as const;
  return (
    <Skeleton>
      <Facts facts={names.map((name) => [say(name), <TextBar key={name} />])} />
      {mayWrite && <div className="actions"><ControlBar>{say("stock.adjust")}</ControlBar></div>}
    </Skeleton>
  );
}

/** Holds the place of what moved it. */
export function LedgerBars() {
  return <Skeleton><RowBars columns={columns} rows={PAGE} /></Skeleton>;
}
