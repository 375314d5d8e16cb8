import { useMutation, useQuery } from "@connectrpc/connect-query";
import { ConfigService } from "@shopmesh/api/shopmesh/config/v1/config_service_pb";
import type { SettingsVersion } from "@shopmesh/api/shopmesh/config/v1/settings_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { useState } from "react";
import { Actor } from "../../components/Actor";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { EmptyState, Failed, Skeleton } from "../../components/States";
import { useDone } from "../../components/useDone";
import type { Fields } from "../../form/draft";
import { changed } from "../../form/draft";
import { useSession } from "../../session/browser";
import { number, time } from "../../texts/format";
import { say } from "../../texts/say";
import { fieldsOf, messageOf } from "./fields";
import { labelOf } from "./labels";
import type { Context } from "./search";

/** Who changed a context's settings and when, and going back to an earlier version. */
export function Versions({ context, etag, now }: { context: Context; etag: string; now: Fields }) {
  const [back, setBack] = useState<SettingsVersion>();
  const mayWrite = useSession().may(Permission.SETTINGS_WRITE);
  const list = useQuery(ConfigService.method.listSettingsVersions, { context, pageSize: 20 });
  return (
    <section className="stack">
      <h2>{say("settings.versions")}</h2>
      {list.isPending && <Skeleton rows={4} />}
      {list.error && <Failed error={list.error} retry={() => void list.refetch()} />}
      {list.data?.versions.length === 0 && <EmptyState text={say("settings.no_versions")} />}
      <ol className="stack">
        {list.data?.versions.map((version, at) => (
          <li className="row" key={String(version.settings?.version)}>
            <strong>{number(version.settings?.version ?? 0n)}</strong>
            <span>{time(version.settings?.updateTime)}</span>
            <Actor actor={version.settings?.actor ?? ""} />
            <span>{version.changedPaths.map((path) => nameOf(context, path)).join(", ")}</span>
            {mayWrite && at > 0 && <Button kind="quiet" onPress={() => setBack(version)}>{say("settings.back")}</Button>}
          </li>
        ))}
      </ol>
      {back && <Rollback context={context} etag={etag} now={now} version={back} onClose={() => setBack(undefined)} />}
    </section>
  );
}

function nameOf(context: Context, path: string): string {
  const field = messageOf(context).fields.find((one) => one.name === path.split(".")[0]);
  return field ? labelOf(field) : path;
}

function Rollback({ context, etag, now, version, onClose }: { context: Context; etag: string; now: Fields; version: SettingsVersion; onClose(): void }) {
  const done = useDone();
  const rollback = useMutation(ConfigService.method.rollbackSettings, {
    onSuccess: () => {
      done(say("settings.saved"));
      onClose();
    },
  });
  const then = fieldsOf(context, version.settings);
  const go = () => rollback.mutate({ context, etag, version: version.settings?.version ?? 0n });
  return (
    <Dialog title={say("settings.back_title", { Version: number(version.settings?.version ?? 0n) })} kind="alertdialog" onClose={onClose}>
      <ul className="stack">
        {changed(now, then).map((path) => (
          <li key={path}>{nameOf(context, path)}: <code>{now[path] || say("settings.default")}</code> → <code>{then[path] || say("settings.default")}</code></li>
        ))}
      </ul>
      {rollback.error && <Failed error={rollback.error} retry={go} />}
      <div className="actions">
        <Button kind="bad" pending={rollback.isPending} onPress={go}>{say("settings.back")}</Button>
        <Button kind="quiet" onPress={onClose}>{say("action.cancel")}</Button>
      </div>
    </Dialog>
  );
}
