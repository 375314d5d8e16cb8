import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData, skipToken } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { Activity, Change } from "@shopmesh/api/shopmesh/activity/v1/activity_pb";
import { ActorKind, Outcome } from "@shopmesh/api/shopmesh/activity/v1/activity_pb";
import { ActivityService } from "@shopmesh/api/shopmesh/identity/v1/activity_service_pb";
import { StaffService } from "@shopmesh/api/shopmesh/identity/v1/staff_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { Actor } from "../../components/Actor";
import { Button } from "../../components/Button";
import type { TableColumn } from "../../components/DataTable";
import { DataTable } from "../../components/DataTable";
import { Choice } from "../../components/Field";
import { DayFilter, FilterBar, Views } from "../../components/FilterBar";
import { useHeld } from "../../components/held";
import { NewRows } from "../../components/NewRows";
import { RowBars, Skeleton } from "../../components/Skeleton";
import { Pager, StateBadge } from "../../components/Small";
import { EmptyState, Failed, Permitted } from "../../components/States";
import { explainReason } from "../../rpc/errors";
import type { Narrowing } from "../../rpc/search";
import { setOnly } from "../../rpc/search";
import { useSession } from "../../session/browser";
import { number, time } from "../../texts/format";
import { say } from "../../texts/say";
import { rpcName } from "./rpcs";
import type { ActivitySearch } from "./search";
import { activityFilter, views } from "./search";

type Known = Exclude<keyof typeof ActorKind, "UNSPECIFIED">;

const columns: readonly TableColumn<Activity>[] = [
  { id: "time", name: say("movement.time"), cell: (entry) => time(entry.createTime) },
  { id: "actor", name: say("activity.who"), cell: (entry) => entry.actor && <>{say(`activity.kind.${ActorKind[entry.actor.kind] as Known}`)} <Actor actor={entry.actor.id} /></> },
  { id: "rpc", name: say("activity.what"), cell: (entry) => rpcName(entry.rpc) ?? <code>{entry.rpc}</code> },
  { id: "resource", name: say("activity.to"), cell: (entry) => <bdi>{entry.resource || "–"}</bdi> },
  { id: "changes", name: say("activity.changes"), cell: (entry) => <Changes changes={entry.changes} omitted={entry.omittedChanges} /> },
  {
    id: "outcome", name: say("activity.outcome"), cell: (entry) => (
      <>
        <StateBadge kind={entry.outcome === Outcome.DONE ? "good" : "bad"}>{entry.outcome === Outcome.DONE ? say("activity.done") : say("activity.refused")}</StateBadge>
        {entry.count > 1 && <> {number(entry.count)}×</>} {entry.reason && explainReason(entry.reason)}
      </>
    ),
  },
];

function Changes({ changes, omitted }: { changes: readonly Change[]; omitted: number }) {
  return (
    <ul>
      {changes.map((change, at) => (
        <li key={at}><code>{change.path}</code>: {change.redacted ? say("activity.redacted") : <bdi>{change.oldValue || "–"} → {change.newValue || "–"}</bdi>}</li>
      ))}
      {omitted > 0 && <li>{say("activity.omitted", { Count: omitted })}</li>}
    </ul>
  );
}

/** Who did what. */
export function ActivityScreen(): ReactNode {
  return <Permitted permission={Permission.ACTIVITY_READ}><List /></Permitted>;
}

const route = getRouteApi("/activity");

function List() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = useQuery(ActivityService.method.listActivity, { filter: activityFilter(search), pageToken: search.page ?? "" }, { placeholderData: keepPreviousData });
  const held = useHeld(list, JSON.stringify(search), (answer) => answer.activities, (entry) => entry.id);
  const narrow = (change: Narrowing<ActivitySearch>) => void navigate({ search: (last) => setOnly<ActivitySearch>({ ...last, page: undefined, ...change }) });
  const clear = () => narrow({ q: undefined, view: undefined, who: undefined, from: undefined, to: undefined });
  const narrowed = Boolean(search.q ?? search.view ?? search.who ?? search.from ?? search.to);
  return (
    <section className="stack">
      <h1>{say("nav.activity")}</h1>
      <Views views={views.map((id) => ({ id, name: say(`activity.view.${id}`) }))} current={search.view ?? "all"}
        onChoose={(view) => narrow({ view: view === "all" ? undefined : view })} />
      <FilterBar label={say("activity.search")} query={search.q ?? ""} onSearch={(q) => narrow({ q: q || undefined })} onClear={narrowed ? clear : undefined}>
        <Who chosen={search.who ?? ""} onChoose={(who) => narrow({ who })} />
        <DayFilter name="from" label={say("filter.from")} value={search.from} onChange={(from) => narrow({ from })} />
        <DayFilter name="to" label={say("filter.to")} value={search.to} onChange={(to) => narrow({ to })} />
      </FilterBar>
      {list.error && <Failed error={list.error} retry={() => void list.refetch()} first={() => narrow({ page: undefined })} />}
      {list.isPending && <Skeleton><RowBars columns={columns} /></Skeleton>}
      {list.data && (
        <>
          <NewRows held={held} />
          <DataTable label={say("nav.activity")} columns={columns} rows={held.rows} keyOf={(entry) => entry.id}
            empty={<EmptyState text={narrowed ? say("list.nothing") : say("activity.empty")}>
              {narrowed && <Button kind="quiet" onPress={clear}>{say("filter.clear")}</Button>}
            </EmptyState>} />
          <Pager page={search.page} next={list.data.nextPageToken} go={(page) => narrow({ page })} />
        </>
      )}
    </section>
  );
}

// As many accounts as one call answers with.
const MOST = 1000;

// Whose activity is shown, for those who may read who works for the shop.
function Who({ chosen, onChoose }: { chosen: string; onChoose(account: string | undefined): void }) {
  const reads = useSession().may(Permission.ACCOUNTS_READ);
  const staff = useQuery(StaffService.method.listAccounts, reads ? { filter: "kind = STAFF", pageSize: MOST } : skipToken, { staleTime: 60_000 });
  if (!staff.data) return null;
  return (
    <Choice name="who" label={say("activity.who")} value={chosen} onChange={(account) => onChoose(account || undefined)} options={[
      { value: "", label: say("activity.anybody") },
      ...staff.data.accounts.map(({ id, firstName, lastName, email }) => ({ value: id, label: [`${firstName} ${lastName}`.trim(), email].filter(Boolean).join(", ") })),
    ]} />
  );
}
