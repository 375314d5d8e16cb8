import { useMutation, useQuery } from "@connectrpc/connect-query";
import type { ApiKey } from "@shopmesh/api/shopmesh/identity/v1/api_key_pb";
import { StaffService } from "@shopmesh/api/shopmesh/identity/v1/staff_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { useState } from "react";
import { Button } from "../../components/Button";
import type { TableColumn } from "../../components/DataTable";
import { DataTable } from "../../components/DataTable";
import { Dialog } from "../../components/Dialog";
import { RowBars, Skeleton } from "../../components/Skeleton";
import { StateBadge } from "../../components/Small";
import { EmptyState, Failed, permissionName } from "../../components/States";
import { useDone } from "../../components/useDone";
import { useSession } from "../../session/browser";
import { day, time } from "../../texts/format";
import { say } from "../../texts/say";
import { KeyDialog } from "./KeyDialog";

const columns: readonly TableColumn<ApiKey>[] = [
  { id: "name", name: say("key.name"), cell: (key) => <bdi>{key.displayName}</bdi> },
  { id: "may", name: say("staff.may"), cell: (key) => key.permissions.map(permissionName).join(", ") },
  { id: "used", name: say("key.used"), cell: (key) => time(key.lastUseTime) },
  { id: "ends", name: say("key.ends"), cell: (key) => (key.revokeTime ? <StateBadge kind="bad">{say("key.revoked")}</StateBadge> : day(key.expireTime)) },
];

// As many keys as one call answers with.
const MOST = 1000;

/** The keys by which programs call the shop. */
export function ApiKeys() {
  const mayWrite = useSession().may(Permission.ACCOUNTS_WRITE);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey>();
  const list = useQuery(StaffService.method.listApiKeys, { pageSize: MOST });
  return (
    <section className="stack">
      <div className="heading"><h2>{say("key.title")}</h2>{mayWrite && <Button kind="quiet" onPress={() => setMaking(true)}>{say("key.make")}</Button>}</div>
      {list.error && <Failed error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Skeleton><RowBars columns={columns} rows={3} /></Skeleton>}
      {list.data && (
        <DataTable label={say("key.title")} columns={columns} rows={list.data.apiKeys} keyOf={(key) => key.id} empty={<EmptyState text={say("key.empty")} />}
          {...(mayWrite && { onOpen: (key: ApiKey) => !key.revokeTime && setRevoking(key) })} />
      )}
      {making && <KeyDialog onClose={() => setMaking(false)} />}
      {revoking && <Revoke apiKey={revoking} onClose={() => setRevoking(undefined)} />}
    </section>
  );
}

function Revoke({ apiKey, onClose }: { apiKey: ApiKey; onClose(): void }) {
  const done = useDone();
  const revoke = useMutation(StaffService.method.revokeApiKey, {
    onSuccess: () => {
      done(say("key.revoked_done", { Name: apiKey.displayName }));
      onClose();
    },
  });
  const go = () => revoke.mutate({ id: apiKey.id });
  return (
    <Dialog title={say("key.revoke_title", { Name: apiKey.displayName })} kind="alertdialog" onClose={onClose}>
      <p>{say("key.revoke_text")}</p>
      {revoke.error && <Failed error={revoke.error} retry={go} />}
      <div className="actions">
        <Button kind="bad" pending={revoke.isPending} onPress={go}>{say("key.revoke")}</Button>
        <Button kind="quiet" onPress={onClose}>{say("action.cancel")}</Button>
      </div>
    </Dialog>
  );
}
