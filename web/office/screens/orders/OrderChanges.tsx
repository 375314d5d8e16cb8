import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { Notice } from "../../components/Small";
import { refusalOf } from "../../rpc/errors";
import type { Change } from "./shipping";
import { changesOf } from "./shipping";

/** What others changed of an order, each part as it was and as it is. */
export function OrderChanges({ changes }: { changes: readonly Change[] }) {
  return <>{changes.map(({ name, before, now }) => <p key={name}>{name}: <bdi>{before || "–"}</bdi> → <bdi>{now || "–"}</bdi></p>)}</>;
}

interface OvertakenOrderProps {
  /** What the last try failed with. */
  error: unknown;
  /** The order as it was shown then. */
  sent: Order | undefined;
  now: Order;
}

/** What others changed of an order before something was done with it: the next try is about the order as it is. */
export function OvertakenOrder({ error, sent, now }: OvertakenOrderProps) {
  if (error == null || !sent || refusalOf(error).reason !== "ETAG_MISMATCH") return null;
  const changes = changesOf(sent, now);
  return changes.length === 0 ? null : <Notice><OrderChanges changes={changes} /></Notice>;
}
