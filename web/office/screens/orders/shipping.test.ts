import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "@shopmesh/api/google/rpc/error_details_pb";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderSchema, OrderState } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { ShipOrderOutcomeSchema } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import assert from "node:assert/strict";
import test from "node:test";
import type { Calls, Row } from "./shipping";
import { draftOf, draftsIn, ordersOf, rowOf, shipAll, shipmentAgain, shipmentOf } from "./shipping";

const orderOf = (id: string, etag = "1", more: { email?: string } = {}): Order =>
  create(OrderSchema, { id, number: id.toUpperCase(), etag, state: OrderState.CONFIRMED, contact: { firstName: "Ada", email: more.email ?? "ada@x.example" } });
const shipped = (order: Order) => create(ShipOrderOutcomeSchema, { outcome: { case: "order", value: order } });
const refused = (reason: string, violations: { field: string; description: string }[] = []) =>
  create(ShipOrderOutcomeSchema, { outcome: { case: "refusal", value: { reason, violations } } });

// A shop that has these orders, and ships each that comes with its etag.
function shop(now: readonly Order[], refuses: (id: string) => ReturnType<typeof refused> | undefined = () => undefined) {
  const asked: string[][] = [];
  const calls: Calls = {
    ship: (requests) => {
      asked.push(requests.map(({ id, etag, trackingCode }) => `${id} ${etag} ${trackingCode}`.trim()));
      return Promise.resolve(requests.map(({ id, etag }) => {
        const order = now.find((one) => one.id === id);
        return refuses(id) ?? (order?.etag === etag && order ? shipped(order) : refused("ETAG_MISMATCH"));
      }));
    },
    get: (id) => Promise.resolve(now.find((one) => one.id === id)),
  };
  return { calls, asked };
}

// ship tries rows once, and returns them as they are then.
async function ship(rows: readonly Row[], calls: Calls, { codes = new Map<string, string>(), shipRefunded = false, ended = (): boolean => false } = {}) {
  let now = rows;
  await shipAll(rows, { carrier: "Post", codes, shipRefunded }, calls, (id, change) => {
    now = now.map((row) => (row.order.id === id ? { ...row, ...change } : row));
  }, ended);
  return now;
}

test("what others changed is shown, and the next try ships the order as it is then", async () => {
  const { calls, asked } = shop([orderOf("a"), orderOf("b", "2", { email: "new@x.example" })]);
  const codes = new Map([["B", "X2"]]);
  const once = await ship([rowOf(orderOf("a")), rowOf(orderOf("b"))], calls, { codes });
  assert.deepEqual(once.map(({ shipped, reason }) => [shipped, reason]), [[true, ""], [false, "ETAG_MISMATCH"]]);
  assert.deepEqual(once[1]?.changes, [{ name: "E-mail address", before: "ada@x.example", now: "new@x.example" }]);
  const twice = await ship(once, calls, { codes });
  assert.ok(twice.every((row) => row.shipped));
  assert.deepEqual(asked, [["a 1", "b 1 X2"], ["b 2 X2"]]);
});

test("a change that nobody sees here keeps no parcel back", async () => {
  const { calls, asked } = shop([orderOf("a", "7")]);
  assert.equal((await ship([rowOf(orderOf("a"))], calls))[0]?.shipped, true);
  assert.deepEqual(asked, [["a 1"], ["a 7"]]);
});

test("which field is wrong stands at its order, whether the row was refused or the whole call", async () => {
  const bad = { field: "tracking_code", description: "must be one line" };
  const { calls } = shop([orderOf("a"), orderOf("b")], (id) => (id === "a" ? refused("INVALID_FIELD", [bad]) : undefined));
  const rows = await ship([rowOf(orderOf("a")), rowOf(orderOf("b"))], calls);
  assert.deepEqual(rows[0]?.violations.map(({ field, description }) => ({ field, description })), [bad]);

  const ids: string[][] = [];
  const strict: Calls = {
    ...calls,
    ship: (requests) => {
      ids.push(requests.map(({ id }) => id));
      const at = requests.findIndex(({ id }) => id === "a");
      if (at < 0) return Promise.resolve(requests.map(({ id }) => shipped(orderOf(id))));
      return Promise.reject(new ConnectError("no", Code.InvalidArgument, undefined, [
        { desc: ErrorInfoSchema, value: { reason: "INVALID_FIELD", domain: "shopmesh" } },
        { desc: BadRequestSchema, value: { fieldViolations: [{ field: `requests[${at}].tracking_code`, description: "is too long" }] } },
      ]));
    },
  };
  const whole = await ship([rowOf(orderOf("b")), rowOf(orderOf("a")), rowOf(orderOf("c"))], strict);
  assert.deepEqual(whole.map((row) => row.shipped), [true, false, true]);
  assert.deepEqual(whole[1]?.violations, [{ field: "tracking_code", description: "is too long" }]);
  assert.deepEqual(ids, [["b", "a", "c"], ["b", "c"]]);
});

test("an order of which all was given back is shipped when that is wanted, and no other is asked that", async () => {
  const asked: boolean[] = [];
  const calls: Calls = {
    ship: (requests) => Promise.resolve(requests.map(({ id, shipRefunded }) => {
      asked.push(shipRefunded);
      return id === "a" && !shipRefunded ? refused("ORDER_REFUNDED") : id === "b" && asked.length < 3 ? refused("ORDER_STATE") : shipped(orderOf(id));
    })),
    get: () => Promise.reject(new Error("nothing is read again")),
  };
  const once = await ship([rowOf(orderOf("a")), rowOf(orderOf("b"))], calls, { shipRefunded: true });
  assert.deepEqual(once.map(({ reason, refunded }) => [reason, refunded]), [["ORDER_REFUNDED", true], ["ORDER_STATE", false]]);
  const twice = await ship(once, calls, { shipRefunded: true });
  assert.ok(twice.every((row) => row.shipped));
  assert.deepEqual(asked, [false, false, true, false]);
});

test("many orders go in calls of fifty, and none goes after it was ended", async () => {
  const orders = Array.from({ length: 120 }, (_, at) => orderOf(`o${at}`));
  const { calls, asked } = shop(orders);
  await ship(orders.map(rowOf), calls);
  assert.deepEqual(asked.map((rows) => rows.length), [50, 50, 20]);
  const rows = await ship(orders.map(rowOf), calls, { ended: () => asked.length >= 4 });
  assert.equal(rows.filter((row) => row.shipped).length, 50);
});

test("what was begun goes on with the same rows, so that codes stay with their orders", () => {
  const inState = (id: string, state: OrderState) => ({ ...orderOf(id), state });
  const begun = shipmentOf([orderOf("a"), inState("x", OrderState.CANCELLED), orderOf("b"), orderOf("c")]);
  assert.deepEqual([begun.rows.map(({ order }) => order.id), begun.others.map(({ id }) => id)], [["a", "b", "c"], ["x"]]);
  const key = draftOf(begun.rows);
  const keys = ["requests", `draft:${key}`];
  assert.deepEqual(draftsIn({ length: keys.length, key: (at) => keys[at] ?? null, getItem: () => "1" }), [key]);
  assert.deepEqual(ordersOf(key), ["a", "b", "c"]);
  const again = shipmentAgain([inState("a", OrderState.SHIPPED), inState("b", OrderState.CANCELLED), orderOf("c")]);
  assert.equal(draftOf(again.rows), key);
  assert.deepEqual(again.rows.map(({ shipped }) => shipped), [true, false, false]);
});
