import { useQuery } from "@connectrpc/connect-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { DeliveryAttempt, Notification } from "@shopmesh/api/shopmesh/notification/v1/notification_pb";
import { NotificationService } from "@shopmesh/api/shopmesh/notification/v1/notification_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import type { TableColumn } from "../../components/DataTable";
import { DataTable } from "../../components/DataTable";
import { kindName, MailBadge, Resend } from "../../components/mail";
import { Said } from "../../components/Said";
import { ControlBar, RowBars, Skeleton, TextBar } from "../../components/Skeleton";
import { Facts } from "../../components/Small";
import { EmptyState, Pending, Permitted, Stale } from "../../components/States";
import { useSession } from "../../session/browser";
import { time } from "../../texts/format";
import { say } from "../../texts/say";
import { Frame } from "./Frame";

const attempts: readonly TableColumn<DeliveryAttempt>[] = [
  { id: "time", name: say("mail.time"), cell: (attempt) => time(attempt.createTime) },
  { id: "outcome", name: say("mail.outcome"), cell: (attempt) => (attempt.accepted ? say("mail.accepted") : say("mail.not_accepted")) },
  { id: "result", name: say("mail.result"), cell: (attempt) => <Said text={attempt.result} lang="en" /> },
];

const route = getRouteApi("/mails/$id");

/** A mail as it was sent, and each attempt to. */
export function MailScreen(): ReactNode {
  return <Permitted permission={Permission.NOTIFICATIONS_READ}><Loaded /></Permitted>;
}

function Loaded() {
  const { id } = route.useParams();
  const { data, error, dataUpdatedAt, refetch } = useQuery(NotificationService.method.getNotification, { id });
  if (!data?.notification) return <Pending title={say("nav.mails")} error={error} retry={() => void refetch()}><Loading /></Pending>;
  return (
    <>
      <Stale error={error} since={dataUpdatedAt} retry={() => void refetch()} />
      <Shown mail={data.notification} />
    </>
  );
}

// Holds the place of a mail about an order that was sent at the first attempt.
function Loading() {
  const names = ["mail.occasion", "mail.recipient", "mail.time", "mail.order"] as const;
  const mayWrite = useSession().may(Permission.NOTIFICATIONS_WRITE);
  return (
    <section className="stack">
      <p><Link to="/mails" search={{}}>{say("nav.mails")}</Link></p>
      <div className="heading"><h1>{say("nav.mails")}</h1></div>
      <Skeleton>
        <Facts facts={names.map((name) => [say(name), <TextBar key={name} />])} />
        <div className="actions">{mayWrite && <ControlBar>{say("mail.resend")}</ControlBar>}</div>
        <div className="mail" />
        <h2>{say("mail.attempts")}</h2>
        <RowBars columns={attempts} rows={1} />
      </Skeleton>
    </section>
  );
}

function Shown({ mail }: { mail: Notification }) {
  return (
    <section className="stack">
      <p><Link to="/mails" search={{}}>{say("nav.mails")}</Link></p>
      <div className="heading"><h1>{mail.subject || kindName(mail.kind)}</h1><MailBadge status={mail.status} /></div>
      <Facts facts={[
        [say("mail.occasion"), kindName(mail.kind)],
        [say("mail.recipient"), <bdi key="to">{mail.recipient || "–"}</bdi>],
        [say("mail.time"), time(mail.sendTime ?? mail.createTime)],
        ...(mail.orderId ? [[say("mail.order"), <Link key="order" to="/orders/$id" params={{ id: mail.orderId }}>{say("mail.open_order")}</Link>] as const] : []),
      ]} />
      <div className="actions"><Resend mail={mail} /></div>
      {mail.html ? <Frame title={mail.subject} html={mail.html} /> : <EmptyState text={say("mail.no_text")} />}
      <h2>{say("mail.attempts")}</h2>
      <DataTable label={say("mail.attempts")} columns={attempts} rows={mail.attempts} keyOf={(attempt) => String(attempt.number)}
        empty={<EmptyState text={say("mail.no_attempts")} />} />
    </section>
  );
}
