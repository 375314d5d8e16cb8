import { create } from "@bufbuild/protobuf";
import { SummarizeOrdersResponseSchema } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import assert from "node:assert/strict";
import test from "node:test";
import { decimal } from "../../form/money";
import { salesOf } from "./sales";

test("every day has its place in each currency, also the one on which clocks change (vendure#183)", () => {
  const answer = create(SummarizeOrdersResponseSchema, {
    startDate: "2026-03-28", endDate: "2026-03-30", timeZone: "Europe/Berlin",
    sums: [
      { date: "2026-03-28", orderCount: 2n, revenue: { currencyCode: "EUR", units: 10n, nanos: 500_000_000 } },
      { date: "2026-03-30", orderCount: 1n, revenue: { currencyCode: "EUR", units: -1n, nanos: -250_000_000 } },
      { date: "2026-03-29", orderCount: 1n, revenue: { currencyCode: "JPY", units: 900n } },
    ],
  });
  const [eur, jpy] = salesOf(answer);
  assert.deepEqual(eur?.days.map(({ date, orders, revenue }) => [date, orders, decimal(revenue)]),
    [["2026-03-28", 2n, "10.500000000"], ["2026-03-29", 0n, "0.000000000"], ["2026-03-30", 1n, "-1.250000000"]]);
  assert.deepEqual([eur?.orders, eur && decimal(eur.revenue), jpy?.currency, jpy && decimal(jpy.revenue)], [3n, "9.250000000", "JPY", "900.000000000"]);
  assert.deepEqual(salesOf(create(SummarizeOrdersResponseSchema, { startDate: "2026-03-28", endDate: "2026-03-30" })), []);
});
