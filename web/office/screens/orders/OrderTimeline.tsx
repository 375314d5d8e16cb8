import { useQuery } from "@connectrpc/connect-query";
import type { Order, TimelineEntry } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Actor } from "../../components/Actor";
import { Said } from "../../components/Said";
import { Failed, Missing, Skeleton } from "../../components/States";
import { time } from "../../texts/format";
import { say } from "../../texts/say";
import { happened } from "./happened";

// How often it is read again, in milliseconds: it asks every context.
const LOOK = 60_000;

/** What happened to an order, in every context, the newest first. */
export function OrderTimeline({ order }: { order: Order }) {
  const { data, error, isPending, refetch } = useQuery(OrderService.method.getOrderTimeline, { id: order.id }, { refetchInterval: LOOK });
  return (
    <section className="stack">
      <h2>{say("order.timeline")}</h2>
      {isPending && <Skeleton rows={6} />}
      {error && <Failed error={error} retry={() => void refetch()} />}
      {data && (
        <>
          <Missing parts={data.missing} />
          <ol className="timeline">
            {data.entries.toReversed().map((entry, at) => (
              <li key={at}>
                <time dateTime={entry.createTime && timestampDate(entry.createTime).toISOString()}>{time(entry.createTime)}</time>
                <Told entry={entry} order={order} />
                {entry.actor && <Actor actor={entry.actor} />}
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}

function Told({ entry, order }: { entry: TimelineEntry; order: Order }) {
  const { what, why, said, lang } = happened(entry, order.history);
  return (
    <>
      <span>{why ? `${what}: ${why}` : what}</span>
      {said && <Said text={said} {...(lang && { lang })} />}
    </>
  );
}
