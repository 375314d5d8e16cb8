import { useQuery } from "@connectrpc/connect-query";
import type { Order, TimelineEntry } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { Said } from "../../components/Said";
import { Skeleton, TextBar } from "../../components/Skeleton";
import { Failed, Missing } from "../../components/States";
import { Timeline } from "../../components/Timeline";
import { say } from "../../texts/say";
import { happened } from "./happened";

// How often it is read again, in milliseconds: it asks every context.
const LOOK = 60_000;

// How much has happened to most orders.
const USUAL = 6;

/** What happened to an order, in every context, the newest first. */
export function TimelinePart({ order }: { order: Order }) {
  const { data, error, isPending, refetch } = useQuery(OrderService.method.getOrderTimeline, { id: order.id }, { refetchInterval: LOOK });
  return (
    <section className="stack">
      <h2>{say("order.timeline")}</h2>
      {isPending && <TimelineBars />}
      {error && <Failed error={error} retry={() => void refetch()} />}
      {data && (
        <>
          <Missing parts={data.missing} />
          <Timeline entries={data.entries.toReversed().map((entry) => ({ at: entry.createTime, told: <Told entry={entry} order={order} />, actor: entry.actor }))} />
        </>
      )}
    </section>
  );
}

/** Holds the place of what happened to an order. */
export function TimelineBars() {
  return <Skeleton><ol className="timeline">{Array.from({ length: USUAL }, (_, at) => <li key={at}><TextBar /><TextBar /></li>)}</ol></Skeleton>;
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
