import { createClient } from "@connectrpc/connect";
import { useMutation, useTransport } from "@connectrpc/connect-query";
import { useInfiniteQuery } from "@tanstack/react-query";
import { ConfigService } from "@shopmesh/api/shopmesh/config/v1/config_service_pb";
import type { SettingsVersion } from "@shopmesh/api/shopmesh/config/v1/settings_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { useState } from "react";
import { Actor } from "../../components/Actor";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { EmptyState, Failed } from "../../components/States";
import { useDone } from "../../components/useDone";
import type { Fields } from "../../form/draft";
import { useSession } from "../../session/browser";
import { number, time } from "../../texts/format";
import { say } from "../../texts/say";
import { fieldsOf, messageOf } from "./fields";
import type { Context } from "./search";
import { VersionBars } from "./SettingsSkeleton";
import type { Difference } from "./shown";
import { differences, held } from "./shown";

// How many versions are read at a time. The last of them is shown with the next ones, because each is told by what it changed of the one before it.
const PAGE = 21;
// How many characters of a value the list has, such as of a legal text.
const BRIEF = 120;

/** Who changed a context's settings and when, and going back to an earlier version. */
export function Versions({ context, etag, now, defaults }: { context: Context; etag: string; now: Fields; defaults: Fields }) {
  const [back, setBack] = useState<SettingsVersion>();
  const mayWrite = useSession().may(Permission.SETTINGS_WRITE);
  const list = useVersions(context);
  return (
    <section className="stack">
      <h2>{say("settings.versions")}</h2>
      {list.isPending && <VersionBars />}
      {list.error && <Failed error={list.error} retry={() => void list.refetch()} />}
      {list.versions?.length === 0 && <EmptyState text={say("settings.no_versions")} />}
      <ol className="stack">
        {list.versions?.slice(0, list.hasNextPage ? -1 : undefined).map((version, at) => (
          <li className="row" key={String(version.settings?.version)}>
            <strong>{number(version.settings?.version ?? 0n)}</strong>
            <span>{time(version.settings?.updateTime)}</span>
            <Actor actor={version.settings?.actor ?? ""} />
            <Differences all={between(context, fieldsOf(context, list.versions?.[at + 1]?.settings), fieldsOf(context, version.settings), defaults)} most={BRIEF} />
            {mayWrite && at > 0 && <Button kind="quiet" onPress={() => setBack(version)}>{say("settings.back")}</Button>}
          </li>
        ))}
      </ol>
      {list.hasNextPage && <p><Button kind="quiet" pending={list.isFetchingNextPage} onPress={() => void list.fetchNextPage()}>{say("settings.older")}</Button></p>}
      {back && <Rollback context={context} etag={etag} now={now} defaults={defaults} version={back} onClose={() => setBack(undefined)} />}
    </section>
  );
}

// The versions that were read so far, the newest first; undefined before the first ones are there.
function useVersions(context: Context) {
  const service = createClient(ConfigService, useTransport());
  const list = useInfiniteQuery({
    queryKey: ["settings versions", context],
    queryFn: ({ pageParam, signal }) => service.listSettingsVersions({ context, pageSize: PAGE, pageToken: pageParam }, { signal }),
    initialPageParam: "",
    getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
  });
  return { ...list, versions: list.data?.pages.flatMap(({ versions }) => versions) };
}

function between(context: Context, before: Fields, after: Fields, defaults: Fields): Difference[] {
  return messageOf(context).fields.flatMap((field) => differences(field, held(field, before, defaults), held(field, after, defaults)));
}

function Differences({ all, most = Infinity }: { all: readonly Difference[]; most?: number }) {
  const cut = (text: string) => (text.length > most ? `${text.slice(0, most)}…` : text);
  return <ul className="differences">{all.map(({ label, before, after }) => <li key={label}>{label}: <bdi>{cut(before)}</bdi> → <bdi>{cut(after)}</bdi></li>)}</ul>;
}

interface RollbackProps {
  context: Context;
  etag: string;
  now: Fields;
  defaults: Fields;
  version: SettingsVersion;
  onClose(): void;
}

function Rollback({ context, etag, now, defaults, version, onClose }: RollbackProps) {
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
      <Differences all={between(context, now, then, defaults)} />
      {rollback.error && <Failed error={rollback.error} retry={go} />}
      <div className="actions">
        <Button kind="bad" pending={rollback.isPending} onPress={go}>{say("settings.back")}</Button>
        <Button kind="quiet" onPress={onClose}>{say("action.cancel")}</Button>
      </div>
    </Dialog>
  );
}
