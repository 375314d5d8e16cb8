import { useQuery } from "@connectrpc/connect-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Product } from "@shopmesh/api/shopmesh/catalog/v1/product_pb";
import { ProductService } from "@shopmesh/api/shopmesh/catalog/v1/product_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { Pending, Permitted, Stale } from "../../components/States";
import { useSession } from "../../session/browser";
import { say } from "../../texts/say";
import { Archive } from "./Archive";
import { ChangeProduct, NewProduct } from "./Editor";
import { ProductBadge } from "./ProductBadge";
import { ProductSkeleton } from "./ProductSkeleton";
import { StockPart } from "./StockPart";

const route = getRouteApi("/products/$id");

/** A product: what shoppers see of it, and its stock. The id "new" is one that is not there yet. */
export function ProductScreen(): ReactNode {
  const { id } = route.useParams();
  if (id === "new") {
    return (
      <Permitted permission={Permission.CATALOG_WRITE}>
        <Heading name={say("product.new")} />
        <NewProduct />
      </Permitted>
    );
  }
  return <Permitted permission={Permission.CATALOG_READ}><Loaded id={id} /></Permitted>;
}

function Loaded({ id }: { id: string }) {
  const { data, error, dataUpdatedAt, refetch } = useQuery(ProductService.method.getProduct, { id });
  if (!data?.product) return <Pending title={say("nav.products")} error={error} retry={() => void refetch()}><ProductSkeleton /></Pending>;
  return (
    <>
      <Stale error={error} since={dataUpdatedAt} retry={() => void refetch()} />
      <Shown product={data.product} />
    </>
  );
}

function Shown({ product }: { product: Product }) {
  const session = useSession();
  return (
    <article className="order">
      <header className="stack">
        <Heading name={product.name} />
        <p><bdi className="soft">{product.code}</bdi> <ProductBadge status={product.status} /></p>
        <Archive product={product} />
      </header>
      <section><ChangeProduct product={product} /></section>
      <StockPart product={product} />
      {session.may(Permission.ACTIVITY_READ) && <p><Link to="/activity" search={{ q: `products/${product.id}` }}>{say("activity.here")}</Link></p>}
    </article>
  );
}

function Heading({ name }: { name: string }) {
  return (
    <>
      <p><Link to="/products" search={{}}>{say("nav.products")}</Link></p>
      <h1><bdi>{name}</bdi></h1>
    </>
  );
}
