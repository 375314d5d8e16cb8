// Ships many orders, in calls of so many, and tells what became of each.
import type { PostalAddress } from "@shopmesh/api/google/type/postal_address_pb";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderState } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import type { ShipOrderOutcome } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { disputed, stateName } from "../../components/OrderBadge";
import type { Listed } from "../../form/draft";
import { keysOf } from "../../form/draft";
import { explainRule, refusalOf } from "../../rpc/errors";
import { money } from "../../texts/format";
import { say } from "../../texts/say";

// How many orders BatchShipOrders takes.
const ROWS = 50;

/** What others changed of an order. */
export interface Change {
  name: string;
  before: string;
  now: string;
}

/** An order that is to be shipped, and what became of that. */
export interface Row {
  /** As it was last read. */
  order: Order;
  shipped: boolean;
  /** Why it was refused; empty before the first try, and once it is shipped. */
  reason: string;
  /** Its fields that are wrong, by their names in the contract. */
  violations: readonly { field: string; description: string }[];
  /** What others changed since it was read before. */
  changes: readonly Change[];
  /** Whether it was refused because all of it was given back. */
  refunded: boolean;
}

/** What is typed for all of them. */
export interface Typed {
  carrier: string;
  /** By the orders' numbers. */
  codes: ReadonlyMap<string, string>;
  /** Whether those are shipped, too, of which all was given back. */
  shipRefunded: boolean;
}

/** What is asked for an order, but the id of the request. */
export interface Request {
  id: string;
  carrier: string;
  trackingCode: string;
  etag: string;
  shipRefunded: boolean;
}

/** The calls that shipping makes. */
export interface Calls {
  /** Ships orders, each under the id of its request. */
  ship(requests: readonly Request[]): Promise<readonly ShipOrderOutcome[]>;
  get(id: string): Promise<Order | undefined>;
}

/** Notes what became of an order. */
export type Note = (id: string, change: Partial<Row>) => void;

/** An order before it was tried. */
export function rowOf(order: Order): Row {
  return { order, shipped: false, reason: "", violations: [], changes: [], refunded: false };
}

/** What is shipped together. */
export interface Shipment {
  rows: readonly Row[];
  /** The orders that were selected, too, and are not to be shipped. */
  others: readonly Order[];
}

/** Begins to ship what was selected. */
export function shipmentOf(orders: readonly Order[]): Shipment {
  const toShip = ({ state }: Order) => state === OrderState.CONFIRMED;
  return { rows: orders.filter(toShip).map(rowOf), others: orders.filter((order) => !toShip(order)) };
}

/** Goes on with what was begun before: the rows are the same, because tracking codes belong to them by their order, and some are shipped. */
export function shipmentAgain(orders: readonly Order[]): Shipment {
  return { rows: orders.map((order) => ({ ...rowOf(order), shipped: gone.includes(order.state) })), others: [] };
}

const gone: readonly OrderState[] = [OrderState.SHIPPED, OrderState.DELIVERED];

const begins = "ship_many:";

/** The key of the draft of a shipment. */
export function draftOf(rows: readonly Row[]): string {
  return begins + rows.map(({ order }) => order.id).join();
}

/** The drafts of shipments in a tab. */
export function draftsIn(store: Listed): string[] {
  return keysOf(store, begins);
}

/** The ids of the orders of a draft. */
export function ordersOf(key: string): string[] {
  return key.slice(begins.length).split(",");
}

/** Ships what is not shipped yet, until ended says so. It throws what ended it before each order had an answer. */
export async function shipAll(rows: readonly Row[], typed: Typed, calls: Calls, note: Note, ended: () => boolean): Promise<void> {
  const same = await shipRows(rows.filter((row) => !row.shipped), typed, calls, note, ended);
  // Of these somebody changed nothing that is seen here, such as when a mail was sent again.
  await shipRows(same, typed, calls, note, ended);
}

// Ships rows, and returns those that were refused for an etag, as they are now, though nothing that matters was changed.
async function shipRows(rows: readonly Row[], typed: Typed, calls: Calls, note: Note, ended: () => boolean): Promise<Row[]> {
  const same: Row[] = [];
  for (let from = 0; from < rows.length && !ended(); from += ROWS) {
    same.push(...(await call(rows.slice(from, from + ROWS), typed, calls, note)));
  }
  return same;
}

// Makes one call. Where it is refused as a whole for what some rows hold, those are refused and the others shipped without them.
async function call(rows: readonly Row[], typed: Typed, calls: Calls, note: Note): Promise<Row[]> {
  if (rows.length === 0) return [];
  try {
    const outcomes = await calls.ship(rows.map((row) => requestOf(row, typed)));
    return await settle(rows, outcomes, calls, note);
  } catch (error) {
    const { reason, violations } = refusalOf(error);
    const wrong = new Map<Row, { field: string; description: string }[]>();
    for (const [path, description] of violations) {
      const [, at = "", field = ""] = /^requests\[(\d+)\]\.(.*)$/.exec(path) ?? [];
      const row = rows[at === "" ? -1 : Number(at)];
      if (row) wrong.set(row, [...(wrong.get(row) ?? []), { field, description }]);
    }
    if (wrong.size === 0) throw error;
    for (const [row, bad] of wrong) note(row.order.id, { reason, violations: bad, changes: [] });
    return await call(rows.filter((row) => !wrong.has(row)), typed, calls, note);
  }
}

function requestOf({ order, refunded }: Row, { carrier, codes, shipRefunded }: Typed): Request {
  return { id: order.id, carrier, trackingCode: codes.get(order.number) ?? "", etag: order.etag, shipRefunded: refunded && shipRefunded };
}

async function settle(rows: readonly Row[], outcomes: readonly ShipOrderOutcome[], calls: Calls, note: Note): Promise<Row[]> {
  const overtaken: Row[] = [];
  for (const [at, row] of rows.entries()) {
    const outcome = outcomes[at]?.outcome;
    if (outcome?.case === "order") note(row.order.id, { ...rowOf(outcome.value), shipped: true });
    if (outcome?.case !== "refusal") continue;
    const { reason } = outcome.value;
    const violations = outcome.value.violations.map(({ field, rule, description }) => ({ field, description: explainRule(rule, description) }));
    note(row.order.id, { reason, violations, changes: [], refunded: row.refunded || reason === "ORDER_REFUNDED" });
    if (reason === "ETAG_MISMATCH") overtaken.push(row);
  }
  const same: Row[] = [];
  for (const row of overtaken) {
    const order = await calls.get(row.order.id);
    if (!order) continue;
    const changes = changesOf(row.order, order);
    note(order.id, { order, changes });
    if (changes.length === 0) same.push({ ...row, order });
  }
  return same;
}

/** What was changed of an order that whoever ships it must know. */
export function changesOf(before: Order, now: Order): Change[] {
  const parts: readonly (readonly [string, (order: Order) => string])[] = [
    [say("order.state"), (order) => stateName(order.state)],
    [say("contact.name"), ({ contact }) => `${contact?.firstName ?? ""} ${contact?.lastName ?? ""}`.trim()],
    [say("contact.email"), ({ contact }) => contact?.email ?? ""],
    [say("contact.phone"), ({ contact }) => contact?.phone ?? ""],
    [say("order.address"), ({ shippingAddress }) => addressText(shippingAddress)],
    [say("payment.refunded"), ({ refunded }) => money(refunded)],
    [say("order.disputed"), (order) => (disputed(order) ? say("settings.yes") : "")],
  ];
  return parts.map(([name, of]) => ({ name, before: of(before), now: of(now) })).filter((part) => part.before !== part.now);
}

function addressText(address: PostalAddress | undefined): string {
  if (!address) return "";
  const { organization, addressLines, postalCode, locality, administrativeArea, regionCode } = address;
  return [organization, ...addressLines, `${postalCode} ${locality}`.trim(), administrativeArea, regionCode].filter((part) => part !== "").join(", ");
}
