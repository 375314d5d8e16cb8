import { useQuery } from "@connectrpc/connect-query";
import { skipToken } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { NotificationService } from "@shopmesh/api/shopmesh/notification/v1/notification_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { kindName, MailBadge, Resend } from "../../components/mail";
import { ControlBar, Skeleton, TextBar } from "../../components/Skeleton";
import { EmptyState, Failed } from "../../components/States";
import { quoted } from "../../rpc/filter";
import { useSession } from "../../session/browser";
import { time } from "../../texts/format";
import { say } from "../../texts/say";

// As many mails as one call answers with.
const MOST = 1000;

/** The mails about an order. */
export function Mails({ order }: { order: Order }) {
  const reads = useSession().may(Permission.NOTIFICATIONS_READ);
  const list = useQuery(NotificationService.method.listNotifications, reads ? { filter: `order_id = ${quoted(order.id)}`, pageSize: MOST } : skipToken);
  if (!reads) return null;
  return (
    <section className="stack">
      <h2>{say("order.mails")}</h2>
      {list.isPending && <MailBars email={order.contact?.email} />}
      {list.error && <Failed error={list.error} retry={() => void list.refetch()} />}
      {list.data?.notifications.length === 0 && <EmptyState text={say("order.no_mails")} />}
      {list.data && list.data.notifications.length > 0 && (
        <ul className="stack">
          {list.data.notifications.map((mail) => (
            <li className="row" key={mail.id}>
              <Link to="/mails/$id" params={{ id: mail.id }}>{kindName(mail.kind)}</Link>
              <MailBadge status={mail.status} />
              <bdi className="soft">{mail.recipient}</bdi>
              <span className="soft">{time(mail.sendTime ?? mail.createTime)}</span>
              <Resend mail={mail} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Holds the place of the mails about an order: most have one. */
export function MailBars({ email }: { email?: string | undefined }) {
  const writes = useSession().may(Permission.NOTIFICATIONS_WRITE);
  return (
    <Skeleton>
      <p className="row">
        <TextBar />
        <TextBar />
        {email ? <bdi className="soft">{email}</bdi> : <TextBar />}
        <TextBar />
        {writes && <ControlBar>{say("mail.resend")}</ControlBar>}
      </p>
    </Skeleton>
  );
}
