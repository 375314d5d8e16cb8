import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData, skipToken } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { InventoryService } from "@shopmesh/api/shopmesh/inventory/v1/inventory_service_pb";
import { ProductService } from "@shopmesh/api/shopmesh/catalog/v1/product_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { useMemo, useState } from "react";
import { Button } from "../../components/Button";
import { ListSizeBar, Skeleton } from "../../components/Skeleton";
import { ListSize, Pager } from "../../components/Small";
import { EmptyState, Failed, Permitted } from "../../components/States";
import { useAsksTotal, useTotal } from "../../components/useTotal";
import type { Narrowing } from "../../rpc/search";
import { setOnly } from "../../rpc/search";
import { useSession } from "../../session/browser";
import { locale, say } from "../../texts/say";
import { countsOf, seenOf, setCell } from "./changes";
import { GridBars, GridTable } from "./GridTable";
import { PasteDialog } from "./PasteDialog";
import type { Pasted } from "./paste";
import { cellsOf, pasteBlock } from "./paste";
import { PastedNotice } from "./PastedNotice";
import { ProductFilter } from "./ProductFilter";
import { SaveBar } from "./SaveBar";
import type { GridSearch, ProductSearch } from "./search";
import { productFilter } from "./search";
import { useChanges } from "./useChanges";

// The stock of a page is read in one call, which takes 200 products.
const PAGE = 100;

/** Prices and stock of many products, as in a sheet. */
export function Grid(): ReactNode {
  return <Permitted permission={Permission.CATALOG_READ}><Sheet /></Permitted>;
}

const route = getRouteApi("/products/grid");

// What somebody may change in the grid: nothing while it is being saved.
function useMay(saving: boolean) {
  const session = useSession();
  return {
    price: !saving && session.may(Permission.CATALOG_WRITE),
    stock: !saving && session.may(Permission.STOCK_READ) && session.may(Permission.STOCK_WRITE),
  };
}

function Sheet() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const draft = useChanges();
  const [pasting, setPasting] = useState(false);
  const [pasted, setPasted] = useState<Pasted>();
  const [saving, setSaving] = useState(false);
  const may = useMay(saving);
  const changedOnly = search.only === "changed";
  const go = (next: Narrowing<GridSearch>) => void navigate({ search: (last) => setOnly<GridSearch>({ ...last, ...next }) });
  const page = usePage(search, !changedOnly);
  const changed = useMemo(() => Object.values(draft.changes).map(({ seen }) => seen), [draft.changes]);
  const rows = changedOnly ? changed : page.rows;
  const { cells } = countsOf(draft.changes);
  const narrow = (next: Narrowing<ProductSearch>) => go({ page: undefined, ...next });
  const clear = () => narrow({ q: undefined, view: undefined, category: undefined });
  const narrowed = Boolean(search.q ?? search.view ?? search.category);
  return (
    <section className="stack">
      <div className="heading">
        <h1>{say("grid.title")}</h1>
        <Link to="/products" search={setOnly<ProductSearch>({ q: search.q, view: search.view, category: search.category, sort: search.sort })}>{say("nav.products")}</Link>
        {(may.price || may.stock) && <Button kind="quiet" onPress={() => setPasting(true)}>{say("grid.paste")}</Button>}
      </div>
      {!changedOnly && <ProductFilter search={search} onNarrow={narrow} onClear={narrowed ? clear : undefined} />}
      {changedOnly && <p><Button kind="quiet" onPress={() => go({ only: undefined })}>{say("grid.all")}</Button></p>}
      {pasted && <PastedNotice pasted={pasted} onClose={() => setPasted(undefined)} />}
      {!changedOnly && page.error != null && <Failed error={page.error} retry={page.retry} first={() => go({ page: undefined })} />}
      {!changedOnly && page.isPending && (
        <Skeleton>
          <ListSizeBar />
          <p className="soft">{say("grid.help")}</p>
          <GridBars rows={PAGE} />
        </Skeleton>
      )}
      {rows && (
        <>
          {!changedOnly && <ListSize size={page.total} />}
          <p className="soft">{say("grid.help")}</p>
          <GridTable rows={rows} changes={draft.changes} may={may} saving={saving} onUndo={() => !saving && draft.undo()}
            onOpen={(row) => void navigate({ to: "/products/$id", params: { id: row.id } })}
            onType={(row, cell, text) => draft.set(setCell(draft.changes, row, cell, text, locale))}
            onPaste={(from, columns, text) => draft.set(pasteBlock(draft.changes, cellsOf(text), from, columns, locale))}
            empty={changedOnly ? <EmptyState text={say("grid.unchanged")} /> : (
              <EmptyState text={narrowed ? say("list.nothing") : say("products.empty")}>
                {narrowed && <Button kind="quiet" onPress={clear}>{say("filter.clear")}</Button>}
              </EmptyState>
            )} />
          {!changedOnly && <Pager page={search.page} next={page.next} go={(next) => go({ page: next })} />}
        </>
      )}
      {cells > 0 && <SaveBar draft={draft} checked={changedOnly} onCheck={() => go({ only: "changed", page: undefined })} onSaving={setSaving} />}
      {pasting && <PasteDialog changes={draft.changes} may={may} onClose={() => setPasting(false)} onPasted={(result) => {
        setPasting(false);
        setPasted(result);
        draft.set(result.changes);
        if (result.found > 0) go({ only: "changed", page: undefined });
      }} />}
    </section>
  );
}

// The products of a page of the list, with their stock where one may see it.
function usePage(search: ProductSearch, wanted: boolean) {
  const reads = useSession().may(Permission.STOCK_READ);
  const filter = productFilter(search);
  const includeTotalSize = useAsksTotal(search.page);
  const list = useQuery(ProductService.method.listProducts, wanted ? {
    pageSize: PAGE, filter, orderBy: search.sort ?? "code", pageToken: search.page ?? "", includeTotalSize,
  } : skipToken, { placeholderData: keepPreviousData });
  const total = useTotal(filter, list);
  const products = list.data?.products;
  const stock = useQuery(InventoryService.method.batchGetStock,
    reads && products && products.length > 0 ? { productIds: products.map(({ id }) => id) } : skipToken);
  const ready = products && (!reads || products.length === 0 || stock.data);
  const rows = useMemo(() => {
    if (!ready) return undefined;
    const stocks = new Map(stock.data?.stocks.map((one) => [one.productId, one]));
    return products?.map((product) => seenOf(product, stocks.get(product.id)));
  }, [ready, products, stock.data]);
  const error: unknown = list.error ?? stock.error;
  return {
    rows, error, isPending: !rows && error == null, total, next: list.data?.nextPageToken ?? "",
    retry: () => void (list.error ? list.refetch() : stock.refetch()),
  };
}
