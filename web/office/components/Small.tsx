import type { ReactNode } from "react";
import type { Money } from "@shopmesh/api/google/type/money_pb";
import { money } from "../texts/format";
import { count, say } from "../texts/say";
import { Button } from "./Button";

/** How far something has come: its kind gives it a colour, its text says it. */
export function StateBadge({ kind, children }: { kind: "todo" | "good" | "bad" | "done"; children: ReactNode }) {
  return <span className="state-badge" data-kind={kind}>{children}</span>;
}

/** An amount. */
export function Price({ amount }: { amount: Money | undefined }) {
  return <bdi className="price">{money(amount)}</bdi>;
}

/** Something to know. */
export function Notice({ kind = "warn", children }: { kind?: "good" | "warn" | "bad"; children: ReactNode }) {
  return <div className="notice" data-kind={kind} role="status">{children}</div>;
}

/** Names and values. */
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

/** The pages of a list. Pages before are behind the browser's Back. */
export function Pager({ page, next, go }: { page: string | undefined; next: string; go(page: string | undefined): void }) {
  if (!page && !next) return null;
  return (
    <nav className="pager" aria-label={say("pager.label")}>
      {page && <Button kind="quiet" onPress={() => go(undefined)}>{say("pager.first")}</Button>}
      {next && <Button kind="quiet" onPress={() => go(next)}>{say("pager.next")}</Button>}
    </nav>
  );
}

// The most that lists count.
const MOST = 10_000;

/** How many a list has. */
export function ListSize({ size }: { size: number | undefined }) {
  if (size === undefined) return null;
  return <p className="list-size" role="status">{size > MOST ? say("list.many", { Most: MOST }) : count("list.count", size)}</p>;
}
