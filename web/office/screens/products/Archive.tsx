import { useMutation } from "@connectrpc/connect-query";
import type { Product } from "@shopmesh/api/shopmesh/catalog/v1/product_pb";
import { ProductStatus } from "@shopmesh/api/shopmesh/catalog/v1/product_pb";
import { ProductService } from "@shopmesh/api/shopmesh/catalog/v1/product_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { Button } from "../../components/Button";
import { Failed } from "../../components/States";
import { useDone } from "../../components/useDone";
import { useSession } from "../../session/browser";
import { say } from "../../texts/say";

/** Takes a product from sale, and brings it back as a draft. Neither loses anything, so nothing is asked. */
export function Archive({ product }: { product: Product }) {
  const done = useDone();
  const archive = useMutation(ProductService.method.archiveProduct, { onSuccess: () => done(say("product.archived", { Name: product.name })) });
  const unarchive = useMutation(ProductService.method.unarchiveProduct, { onSuccess: () => done(say("product.unarchived", { Name: product.name })) });
  if (!useSession().may(Permission.CATALOG_WRITE)) return null;
  const archived = product.status === ProductStatus.ARCHIVED;
  const move = archived ? unarchive : archive;
  const go = () => move.mutate({ id: product.id, etag: product.etag });
  return (
    <>
      {move.error && <Failed error={move.error} retry={go} />}
      <div className="actions"><Button kind="quiet" pending={move.isPending} onPress={go}>{archived ? say("product.unarchive") : say("product.archive")}</Button></div>
    </>
  );
}
