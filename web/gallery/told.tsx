import type { ReactNode } from "react";
import { useEffect } from "react";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { Actor } from "../office/components/Actor";
import { ConnectionBar } from "../office/components/ConnectionBar";
import { Overtaken } from "../office/components/Overtaken";
import { Said } from "../office/components/Said";
import { ControlBar, FieldBar, ListSizeBar, RowBars, Skeleton, TextBar } from "../office/components/Skeleton";
import { Notice } from "../office/components/Small";
import { EmptyState, Failed, Missing, Pending, Permitted, Stale } from "../office/components/States";
import { Unanswered } from "../office/components/Unanswered";
import { Button } from "../office/components/Button";
import type { Draft } from "../office/form/useDraft";
import { say } from "../office/texts/say";
import { failure } from "./examples";
import type { Shown } from "./shown";
import { nothing } from "./shown";

// Says that the network is lost, to what is within it.
function Offline({ children }: { children: ReactNode }) {
  useEffect(() => {
    window.dispatchEvent(new Event("offline"));
  }, []);
  return children;
}

// What somebody typed while others changed the same.
function overtaken(conflicts: Draft["conflicts"]): Draft {
  return { typed: {}, mask: ["name"], etag: "", conflicts, stale: true, set: nothing, adopt: nothing, saved: nothing, end: nothing };
}
const names = { name: say("product.name"), price: say("product.price") };

/** What tells how something stands. */
export const told: readonly Shown[] = [
  {
    name: "Notice",
    states: [
      { name: "good", shown: <Notice kind="good">{say("form.unchanged")}</Notice> },
      { name: "warn", shown: <Notice>{say("request.unanswered", { Time: "12:03" })}</Notice> },
      { name: "bad", shown: <Notice kind="bad">{say("draft.text")}</Notice> },
    ],
  },
  { name: "Skeleton", states: [{ name: "a heading and what follows it", shown: <Skeleton><h3>{say("order.address")}</h3><p><TextBar /></p></Skeleton> }] },
  { name: "TextBar", states: [{ name: "in a line", shown: <Skeleton><p>{say("order.total")} <TextBar /></p></Skeleton> }] },
  { name: "ControlBar", states: [{ name: "for buttons", shown: <Skeleton><div className="actions"><ControlBar>{say("action.save")}</ControlBar><ControlBar>{say("action.cancel")}</ControlBar></div></Skeleton> }] },
  { name: "FieldBar", states: [{ name: "for a line, and for four", shown: <Skeleton><FieldBar label={say("product.name")} /><FieldBar label={say("product.attributes")} help={say("product.attributes_help")} lines={4} /></Skeleton> }] },
  { name: "ListSizeBar", states: [{ name: "above a list", shown: <Skeleton><ListSizeBar /></Skeleton> }] },
  { name: "RowBars", states: [{ name: "of two columns", shown: <Skeleton><RowBars columns={[{ id: "number", name: say("order.number") }, { id: "total", name: say("order.total"), figures: true }]} rows={2} /></Skeleton> }] },
  {
    name: "EmptyState",
    states: [
      { name: "nothing there yet", shown: <EmptyState text={say("orders.empty")} /> },
      { name: "nothing fits", shown: <EmptyState text={say("list.nothing")}><Button kind="quiet" onPress={nothing}>{say("filter.clear")}</Button></EmptyState> },
    ],
  },
  {
    name: "Failed",
    states: [
      { name: "with a reference", shown: <Failed error={failure("UNAVAILABLE")} retry={nothing} /> },
      { name: "not permitted", shown: <Failed error={failure("PERMISSION_DENIED")} retry={nothing} /> },
      { name: "a page of a list that is gone", shown: <Failed error={failure("PAGE_TOKEN_INVALID")} retry={nothing} first={nothing} /> },
    ],
  },
  { name: "Stale", states: [{ name: "since noon", shown: <Stale error={failure("UNAVAILABLE")} since={Date.UTC(2026, 10, 30, 11)} retry={nothing} /> }] },
  { name: "Missing", states: [{ name: "two parts", shown: <Missing parts={["payment", "notification"]} /> }] },
  {
    name: "Overtaken",
    states: [
      { name: "the same field", shown: <Overtaken draft={overtaken([{ path: "name", theirs: "Blue mug", yours: "Blue cup" }, { path: "price", theirs: "16.00", yours: "" }])} names={names} /> },
      { name: "another field", shown: <Overtaken draft={overtaken([])} names={names} /> },
    ],
  },
  { name: "Unanswered", states: [{ name: "since noon", shown: <Unanswered since={new Date(Date.UTC(2026, 10, 30, 11))} /> }] },
  { name: "Said", states: [{ name: "by the provider", shown: <Said text="Your card has insufficient funds." by={say("said.provider")} lang="en" /> }] },
  {
    name: "Actor",
    states: [
      { name: "somebody of the staff", shown: <Actor actor="staff/grace" /> },
      { name: "a service", shown: <Actor actor="service/payment" /> },
    ],
  },
  { name: "ConnectionBar", states: [{ name: "offline", shown: <Offline><ConnectionBar /></Offline> }] },
  { name: "Permitted", states: [{ name: "not to this person", shown: <Permitted permission={Permission.SETTINGS_READ}>{say("nav.settings")}</Permitted> }] },
  { name: "Pending", states: [{ name: "failed", shown: <Pending title={say("nav.orders")} error={failure("UNAVAILABLE")} retry={nothing} /> }, { name: "loading", shown: <Pending title={say("nav.orders")} error={undefined} retry={nothing}><Skeleton><TextBar /></Skeleton></Pending> }] },
];
