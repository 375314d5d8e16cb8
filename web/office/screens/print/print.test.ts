import { create } from "@bufbuild/protobuf";
import { OrderSchema } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import assert from "node:assert/strict";
import test from "node:test";
import { picksOf } from "./picks";
import { printSearch } from "./search";

test("a pick list has each product once, with all that the orders need", () => {
  const orders = [
    create(OrderSchema, { number: "AAAA-1111", lines: [{ productCode: "B", name: "Bowl", quantity: 2 }, { productCode: "A", name: "Apron", quantity: 1 }] }),
    create(OrderSchema, { number: "BBBB-2222", lines: [{ productCode: "B", name: "Bowl", quantity: 3 }] }),
  ];
  assert.deepEqual(picksOf(orders).map(({ code, quantity, numbers }) => [code, quantity, numbers.length]), [["A", 1, 1], ["B", 5, 2]]);
});

test("an address of sheets that names none is of slips", () => {
  assert.deepEqual(printSearch({ sheet: "poster" }), { sheet: "slip", orders: "" });
});
