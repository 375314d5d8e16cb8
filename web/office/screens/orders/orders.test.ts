import assert from "node:assert/strict";
import test from "node:test";
import { csvOf } from "../../components/save";
import { orderFilter, orderSearch } from "./search";
import { trackingCodes } from "./tracking";

test("an address that holds what nobody understands is a list all the same (vendure#1532)", () => {
  assert.deepEqual(orderSearch({ q: "ada", view: "nonsense", from: "yesterday", to: "2026-11-30", other: "x", page: ["no"] }), { q: "ada", to: "2026-11-30" });
  assert.deepEqual(orderSearch({ q: 12345678, view: "to_ship" }), { q: "12345678", view: "to_ship" });
  assert.deepEqual(orderSearch({ view: "all" }), {});
});

test("what is typed is searched for, word by word, and can't change the filter", () => {
  assert.equal(orderFilter({ q: ' ada "x\\ OR  1' }), '"ada" "\\"x\\\\" "OR" "1"');
  assert.equal(orderFilter({ q: "ada", view: "to_ship" }), '"ada" AND state = CONFIRMED');
  assert.equal(orderFilter({ view: "overdue", from: "2026-03-29", to: "2026-03-29" }, "Europe/Berlin"),
    'overdue = true AND create_time >= "2026-03-28T23:00:00.000Z" AND create_time < "2026-03-29T22:00:00.000Z"');
  assert.equal(orderFilter({}), "");
});

test("tracking codes are pasted as a column, or beside the orders' numbers", () => {
  const numbers = ["AAAA-1111", "BBBB-2222", "CCCC-3333"];
  assert.deepEqual([...trackingCodes("X1\nX2\n\n", numbers)], [["AAAA-1111", "X1"], ["BBBB-2222", "X2"]]);
  assert.deepEqual([...trackingCodes("X1\n\nX3", numbers)], [["AAAA-1111", "X1"], ["CCCC-3333", "X3"]]);
  assert.deepEqual([...trackingCodes("cccc-3333\tX3\r\n#AAAA-1111; X1", numbers)].sort(), [["AAAA-1111", "X1"], ["CCCC-3333", "X3"]]);
});

test("Excel reads the umlauts of a file", async () => {
  const bytes = new Uint8Array(await new Blob(csvOf(["name\r\n", "Bücher\r\n"])).arrayBuffer());
  assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
  assert.equal(new TextDecoder().decode(bytes), "name\r\nBücher\r\n");
});
