import { ProductStatus } from "@shopmesh/api/shopmesh/catalog/v1/product_pb";
import { StateBadge } from "../../components/Small";
import { say } from "../../texts/say";

type Known = Exclude<keyof typeof ProductStatus, "UNSPECIFIED">;

const kinds: Record<ProductStatus, "todo" | "good" | "bad" | "done"> = {
  [ProductStatus.UNSPECIFIED]: "done",
  [ProductStatus.DRAFT]: "todo",
  [ProductStatus.ACTIVE]: "good",
  [ProductStatus.ARCHIVED]: "done",
};

/** The name of a product's status. */
export function statusName(status: ProductStatus): string {
  return say(`product.status.${ProductStatus[status] as Known}`);
}

/** Whether a product is sold. */
export function ProductBadge({ status }: { status: ProductStatus }) {
  return <StateBadge kind={kinds[status]}>{statusName(status)}</StateBadge>;
}
