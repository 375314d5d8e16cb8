import { useQuery } from "@connectrpc/connect-query";
import { OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Actor } from "../../components/Actor";
import { Failed, Missing, Skeleton } from "../../components/States";
import { time } from "../../texts/format";
import { say } from "../../texts/say";

// How often it is read again, in milliseconds: it asks every context.
const LOOK = 60_000;

/** What happened to an order, in every context, the newest first. */
export function OrderTimeline({ id }: { id: string }) {
  const { data, error, isPending, refetch } = useQuery(OrderService.method.getOrderTimeline, { id }, { refetchInterval: LOOK });
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
                <span lang="en">{entry.detail || entry.kind}</span>
                {entry.actor && <Actor actor={entry.actor} />}
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}
