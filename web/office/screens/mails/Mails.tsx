import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Notification } from "@shopmesh/api/shopmesh/notification/v1/notification_pb";
import { NotificationService } from "@shopmesh/api/shopmesh/notification/v1/notification_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { Button } from "../../components/Button";
import type { TableColumn } from "../../components/DataTable";
import { DataTable } from "../../components/DataTable";
import { FilterBar, Views } from "../../components/FilterBar";
import { useHeld } from "../../components/held";
import { NewRows } from "../../components/NewRows";
import { kindName, MailBadge } from "../../components/mail";
import { RowBars, Skeleton } from "../../components/Skeleton";
import { ListSize, Pager } from "../../components/Small";
import { EmptyState, Failed, Permitted } from "../../components/States";
import { useAsksTotal, useTotal } from "../../components/useTotal";
import type { Narrowing } from "../../rpc/search";
import { setOnly } from "../../rpc/search";
import { time } from "../../texts/format";
import { say } from "../../texts/say";
import type { MailSearch } from "./search";
import { mailFilter, views } from "./search";

const columns: readonly TableColumn<Notification>[] = [
  { id: "kind", name: say("mail.occasion"), cell: (mail) => <Link to="/mails/$id" params={{ id: mail.id }}>{kindName(mail.kind)}</Link> },
  { id: "recipient", name: say("mail.recipient"), cell: (mail) => <bdi>{mail.recipient || "–"}</bdi> },
  { id: "status", name: say("mail.status"), cell: (mail) => <MailBadge status={mail.status} /> },
  { id: "time", name: say("mail.time"), cell: (mail) => time(mail.sendTime ?? mail.createTime) },
];

/** The mails that the shop sent, and those that it could not. */
export function Mails(): ReactNode {
  return <Permitted permission={Permission.NOTIFICATIONS_READ}><List /></Permitted>;
}

const route = getRouteApi("/mails");

function List() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const filter = mailFilter(search);
  const list = useQuery(NotificationService.method.listNotifications, {
    filter, pageToken: search.page ?? "", includeTotalSize: useAsksTotal(search.page),
  }, { placeholderData: keepPreviousData });
  const held = useHeld(list, JSON.stringify(search), (answer) => answer.notifications, (mail) => mail.id);
  const total = useTotal(filter, list);
  const narrow = (change: Narrowing<MailSearch>) => void navigate({ search: (last) => setOnly<MailSearch>({ ...last, page: undefined, ...change }) });
  const clear = () => narrow({ q: undefined, view: undefined });
  const narrowed = Boolean(search.q ?? search.view);
  return (
    <section className="stack">
      <div className="heading"><h1>{say("nav.mails")}</h1><Link className="button" data-kind="quiet" to="/mails/preview" search={{}}>{say("mails.preview")}</Link></div>
      <Views views={views.map((id) => ({ id, name: say(`mails.view.${id}`) }))} current={search.view ?? "all"}
        onChoose={(view) => narrow({ view: view === "all" ? undefined : view })} />
      <FilterBar label={say("mails.search")} query={search.q ?? ""} onSearch={(q) => narrow({ q: q || undefined })} onClear={narrowed ? clear : undefined} />
      {list.error && <Failed error={list.error} retry={() => void list.refetch()} first={() => narrow({ page: undefined })} />}
      {list.isPending && <Skeleton><RowBars columns={columns} counted /></Skeleton>}
      {list.data && (
        <>
          <ListSize size={total} />
          <NewRows held={held} />
          <DataTable label={say("nav.mails")} columns={columns} rows={held.rows} keyOf={(mail) => mail.id}
            onOpen={(mail) => void navigate({ to: "/mails/$id", params: { id: mail.id } })}
            empty={<EmptyState text={narrowed ? say("list.nothing") : say("mails.empty")}>
              {narrowed && <Button kind="quiet" onPress={clear}>{say("filter.clear")}</Button>}
            </EmptyState>} />
          <Pager page={search.page} next={list.data.nextPageToken} go={(page) => narrow({ page })} />
        </>
      )}
    </section>
  );
}
