import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Product } from "@shopmesh/api/shopmesh/catalog/v1/product_pb";
import { ProductService } from "@shopmesh/api/shopmesh/catalog/v1/product_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { Button } from "../../components/Button";
import type { TableColumn } from "../../components/DataTable";
import { DataTable } from "../../components/DataTable";
import { useHeld } from "../../components/held";
import { NewRows } from "../../components/NewRows";
import { RowBars, Skeleton } from "../../components/Skeleton";
import { ListSize, Pager, Price } from "../../components/Small";
import { EmptyState, Failed, Permitted } from "../../components/States";
import { useAsksTotal, useTotal } from "../../components/useTotal";
import type { Narrowing } from "../../rpc/search";
import { setOnly } from "../../rpc/search";
import { useSession } from "../../session/browser";
import { number } from "../../texts/format";
import { say } from "../../texts/say";
import { ProductFilter } from "./ProductFilter";
import { ProductBadge } from "./ProductBadge";
import type { ProductSearch } from "./search";
import { productFilter } from "./search";

const PAGE = 50;

const columns: readonly TableColumn<Product>[] = [
  { id: "code", name: say("product.code"), cell: (product) => <Link to="/products/$id" params={{ id: product.id }}><bdi>{product.code}</bdi></Link> },
  { id: "name", name: say("product.name"), cell: (product) => <bdi>{product.name}</bdi> },
  { id: "price", name: say("product.price"), figures: true, cell: (product) => <Price amount={product.price} /> },
  { id: "stock", name: say("product.available"), figures: true, cell: (product) => number(product.availableQuantity) },
  { id: "status", name: say("product.status"), cell: (product) => <ProductBadge status={product.status} /> },
];

/** The list of products. */
export function Products(): ReactNode {
  return <Permitted permission={Permission.CATALOG_READ}><List /></Permitted>;
}

const route = getRouteApi("/products");

function List() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const mayWrite = useSession().may(Permission.CATALOG_WRITE);
  const filter = productFilter(search);
  const list = useQuery(ProductService.method.listProducts, {
    pageSize: PAGE, filter, orderBy: search.sort ?? "code", pageToken: search.page ?? "", includeTotalSize: useAsksTotal(search.page),
  }, { placeholderData: keepPreviousData });
  const held = useHeld(list, JSON.stringify(search), (answer) => answer.products, (product) => product.id);
  const total = useTotal(filter, list);
  const narrow = (change: Narrowing<ProductSearch>) =>
    void navigate({ search: (last) => setOnly<ProductSearch>({ ...last, page: undefined, ...change }) });
  const clear = () => narrow({ q: undefined, view: undefined, category: undefined });
  const narrowed = Boolean(search.q ?? search.view ?? search.category);
  return (
    <section className="stack">
      <div className="heading">
        <h1>{say("nav.products")}</h1>
        {mayWrite && <Button onPress={() => void navigate({ to: "/products/$id", params: { id: "new" } })}>{say("product.new")}</Button>}
        <Link to="/products/grid" search={setOnly<ProductSearch>({ ...search, page: undefined })}>{say("grid.title")}</Link>
      </div>
      <ProductFilter search={search} onNarrow={narrow} onClear={narrowed ? clear : undefined} />
      {list.error && <Failed error={list.error} retry={() => void list.refetch()} first={() => narrow({ page: undefined })} />}
      {list.isPending && <Skeleton><RowBars columns={columns} counted /></Skeleton>}
      {list.data && (
        <>
          <ListSize size={total} />
          <NewRows held={held} />
          <DataTable label={say("nav.products")} columns={columns} rows={held.rows} keyOf={(product) => product.id}
            onOpen={(product) => void navigate({ to: "/products/$id", params: { id: product.id } })}
            empty={<EmptyState text={narrowed ? say("list.nothing") : say("products.empty")}>
              {narrowed && <Button kind="quiet" onPress={clear}>{say("filter.clear")}</Button>}
            </EmptyState>} />
          <Pager page={search.page} next={list.data.nextPageToken} go={(page) => narrow({ page })} />
        </>
      )}
    </section>
  );
}
