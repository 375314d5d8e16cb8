import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { Account } from "@shopmesh/api/shopmesh/identity/v1/account_pb";
import { StaffService } from "@shopmesh/api/shopmesh/identity/v1/staff_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { useState } from "react";
import { Button } from "../../components/Button";
import type { TableColumn } from "../../components/DataTable";
import { DataTable } from "../../components/DataTable";
import { useHeld } from "../../components/held";
import { NewRows } from "../../components/NewRows";
import { RowBars, Skeleton } from "../../components/Skeleton";
import { Pager, StateBadge } from "../../components/Small";
import { EmptyState, Failed, permissionName, Permitted } from "../../components/States";
import { setOnly } from "../../rpc/search";
import { useSession } from "../../session/browser";
import { say } from "../../texts/say";
import { ApiKeys } from "./ApiKeys";
import { InviteDialog } from "./InviteDialog";
import { RolesDialog } from "./RolesDialog";

const columns: readonly TableColumn<Account>[] = [
  { id: "name", name: say("contact.name"), cell: (account) => <bdi>{account.firstName} {account.lastName}</bdi> },
  { id: "email", name: say("contact.email"), cell: (account) => <bdi>{account.email}</bdi> },
  { id: "may", name: say("staff.may"), cell: (account) => (account.owner ? say("staff.owner") : account.permissions.map(permissionName).join(", ")) },
  {
    id: "state", name: say("staff.state"), cell: (account) => (
      <span className="state-badges">
        <StateBadge kind={account.disabled ? "bad" : "good"}>{account.disabled ? say("staff.disabled") : say("staff.enabled")}</StateBadge>
        {account.totpEnrolled && <StateBadge kind="done">{say("staff.codes")}</StateBadge>}
      </span>
    ),
  },
];

/** Who works for the shop, what they may do, and the keys of programs. */
export function Staff(): ReactNode {
  return <Permitted permission={Permission.ACCOUNTS_READ}><List /></Permitted>;
}

const route = getRouteApi("/staff");

function List() {
  const { page } = route.useSearch();
  const navigate = route.useNavigate();
  const mayWrite = useSession().may(Permission.ACCOUNTS_WRITE);
  const [inviting, setInviting] = useState(false);
  const [changing, setChanging] = useState<Account>();
  const go = (next: string | undefined) => void navigate({ search: setOnly<{ page?: string }>({ page: next }) });
  const list = useQuery(StaffService.method.listAccounts, { filter: "kind = STAFF", pageToken: page ?? "" }, { placeholderData: keepPreviousData });
  const held = useHeld(list, page ?? "", (answer) => answer.accounts, (account) => account.id);
  return (
    <section className="stack">
      <div className="heading"><h1>{say("nav.staff")}</h1>{mayWrite && <Button onPress={() => setInviting(true)}>{say("staff.invite")}</Button>}</div>
      {list.error && <Failed error={list.error} retry={() => void list.refetch()} first={() => go(undefined)} />}
      {list.isPending && <Skeleton><RowBars columns={columns} rows={6} /></Skeleton>}
      {list.data && (
        <>
          <NewRows held={held} />
          <DataTable label={say("nav.staff")} columns={columns} rows={held.rows} keyOf={(account) => account.id}
            {...(mayWrite && { onOpen: setChanging })} empty={<EmptyState text={say("staff.empty")} />} />
          <Pager page={page} next={list.data.nextPageToken} go={go} />
        </>
      )}
      {/* how long the list will be is not known: what is below it comes with it */}
      <div hidden={list.isPending}><ApiKeys /></div>
      {inviting && <InviteDialog onClose={() => setInviting(false)} />}
      {changing && <RolesDialog account={held.rows.find(({ id }) => id === changing.id) ?? changing} onClose={() => setChanging(undefined)} />}
    </section>
  );
}
