import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { useSession } from "../session/browser";
import { explain, refusalOf } from "../rpc/errors";
import { time } from "../texts/format";
import type { TextId } from "../texts/say";
import { say, texts } from "../texts/say";
import { Button } from "./Button";

/** A list without entries, and the first step. */
export function EmptyState({ text, children }: { text: string; children?: ReactNode }) {
  return <div className="empty-state"><p>{text}</p>{children}</div>;
}

/** What could not be loaded: why, and once more. What was loaded before is shown still beside it, and it says as of when that is. first leads to the first page of a list, where the address names one that is not there any more. */
export function Failed({ error, retry, first }: { error: unknown; retry(): void; first?: () => void }) {
  const { reason } = refusalOf(error);
  const gone = reason === "PAGE_TOKEN_INVALID" && first !== undefined;
  const since = useLoadedTime(error);
  if (since > 0 && !gone) return <Stale error={error} since={since} retry={retry} />;
  return (
    <div className="notice" data-kind="bad" role="alert">
      <p>{explain(error)}</p>
      {gone && <Button kind="quiet" onPress={first}>{say("pager.first")}</Button>}
      {!gone && reason !== "PERMISSION_DENIED" && <Button kind="quiet" onPress={retry}>{say("action.retry")}</Button>}
    </div>
  );
}

// When what failed was loaded the last time, in milliseconds since 1970; 0 where it never was.
function useLoadedTime(error: unknown): number {
  const queries = useQueryClient().getQueryCache().getAll();
  return queries.find(({ state }) => state.error === error)?.state.dataUpdatedAt ?? 0;
}

/** What is shown still, though it could not be read again: as of when it is, and why. */
export function Stale({ error, since, retry }: { error: unknown; since: number; retry(): void }) {
  if (error == null) return null;
  return (
    <div className="notice" data-kind="warn" role="status">
      <p>{say("state.stale", { Time: time(timestampFromMs(since)) })} {explain(error)}</p>
      <Button kind="quiet" onPress={retry}>{say("action.retry")}</Button>
    </div>
  );
}

/** A screen that could not be loaded, or is loading: then children hold its place, its heading too. */
export function Pending({ title, error, retry, children }: { title: string; error: unknown; retry(): void; children?: ReactNode }) {
  if (error == null) return children;
  return (
    <section className="stack">
      <h1>{title}</h1>
      <Failed error={error} retry={retry} />
    </section>
  );
}

type Known = Exclude<keyof typeof Permission, "UNSPECIFIED">;

/** The name of a permission. */
export function permissionName(permission: Permission): string {
  return say(`permission.${Permission[permission] as Known}` satisfies TextId);
}

/** Shows a screen to those who may see it, and names the permission to all others. */
export function Permitted({ permission, children }: { permission: Permission; children: ReactNode }) {
  if (useSession().may(permission)) return children;
  return (
    <section className="stack">
      <h1>{say("state.forbidden")}</h1>
      <EmptyState text={say("state.permission", { Permission: permissionName(permission) })} />
    </section>
  );
}

/** A part of a screen that is not there, by the contexts that hold it. */
export function Missing({ parts }: { parts: readonly string[] }) {
  if (parts.length === 0) return null;
  return <p className="notice" data-kind="warn" role="status">{say("state.missing", { Parts: parts.map((part) => texts.code("settings.context", part) ?? part).join(", ") })}</p>;
}
