import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { OrderDisputeStatus, OrderSchema, OrderState } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { AttemptOutcome, RefundSchema, RefundStatus } from "@shopmesh/api/shopmesh/payment/v1/payment_pb";
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { decimal, fromNumber } from "../../form/money";
import { picksOf } from "./picks";
import { paidOn, returnedOf } from "./receipt";
import { printSearch } from "./search";
import { catalogs, wordsOf, type SheetLanguage } from "./words";

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

const on = (day: string) => timestampFromDate(new Date(`2026-11-${day}T12:00:00Z`));
const euros = (amount: number) => fromNumber(amount, "EUR");
const refund = (amount: number, day: string, status = RefundStatus.SUCCEEDED) => create(RefundSchema, {
  amount: euros(amount), status, createTime: on("01"), attempts: [{ outcome: AttemptOutcome.UNKNOWN, endTime: on("02") }, { outcome: AttemptOutcome.SUCCEEDED, endTime: on(day) }],
});
const returned = (of: ReturnType<typeof returnedOf>) => of.map(({ kind, amount, at }) => [kind, Number(decimal(amount)), at]);

test("a sheet is in the order's language, and in English where there are no words in it, as its mails are", () => {
  assert.deepEqual(["de-AT", "AR", "en-GB", "fr", ""].map((code) => wordsOf(code).language), ["de", "ar", "en", "en", "en"]);
});

test("a sheet writes amounts, days and ways to pay as its language does", () => {
  const written = (code: string) => {
    const words = wordsOf(code);
    return [words.direction, words.money(euros(1058.5)), words.day(on("30")), words.method("stripe_checkout")];
  };
  assert.deepEqual(written("en"), ["ltr", "€1,058.50", "November 30, 2026", "Online, by Stripe"]);
  assert.deepEqual(written("de"), ["ltr", "1.058,50\u00a0€", "30. November 2026", "Online, über Stripe"]);
  const [direction, amount, day] = written("ar");
  assert.equal(direction, "rtl");
  assert.match(amount ?? "", /1,058\.50/);
  assert.match(day ?? "", /30 نوفمبر 2026/);
});

test("every word of a sheet is there in each language with the same values, and is used", () => {
  const sources = readdirSync("screens/print").filter((name) => /(?<!test)\.tsx?$/.test(name)).map((name) => readFileSync(`screens/print/${name}`, "utf8")).join("\n");
  const values = (text: string) => [...text.matchAll(/\{\{\.(\w+)\}\}/g)].map((match) => match[1]).sort();
  for (const language of Object.keys(catalogs) as SheetLanguage[]) {
    assert.deepEqual(Object.keys(catalogs[language]), Object.keys(catalogs.en), language);
    for (const [id, text] of Object.entries(catalogs[language])) {
      assert.notEqual(text.trim(), "", `${language} ${id}`);
      assert.deepEqual(values(text), values(catalogs.en[id as keyof typeof catalogs.en]), `${language} ${id}`);
      assert.ok(sources.includes(`"${id}"`), `${id} is used`);
    }
  }
});

test("an order was paid when it was confirmed, whatever happened to it afterwards", () => {
  const history = [
    { state: OrderState.PLACED, createTime: on("10") }, { state: OrderState.CONFIRMED, createTime: on("11") }, { state: OrderState.CONFIRMED, createTime: on("12") }, { state: OrderState.SHIPPED, createTime: on("13") },
  ];
  assert.deepEqual(paidOn(create(OrderSchema, { history })), on("11"));
  assert.equal(paidOn(create(OrderSchema, { history: history.slice(0, 1) })), undefined);
});

test("a receipt takes off each refund that was made, on its day, and what a bank took back", () => {
  const order = create(OrderSchema, {
    captured: euros(50), refunded: euros(12.5),
    disputes: [{ status: OrderDisputeStatus.LOST, amount: euros(20), closeTime: on("20") }, { status: OrderDisputeStatus.WON, amount: euros(5), closeTime: on("21") }],
  });
  assert.deepEqual(returned(returnedOf(order, [refund(2.5, "14"), refund(30, "15", RefundStatus.FAILED), refund(10, "16"), refund(1, "17", RefundStatus.PENDING)])), [
    ["refunded", -2.5, on("14")], ["refunded", -10, on("16")], ["disputed", -20, on("20")],
  ]);
});

test("a receipt has the sum of refunds where they can't be read, or are not what the order knows", () => {
  const order = create(OrderSchema, { captured: euros(50), refunded: euros(12.5) });
  for (const refunds of [undefined, [refund(2.5, "14"), refund(20, "16")]]) assert.deepEqual(returned(returnedOf(order, refunds)), [["refunded", -12.5, undefined]]);
  assert.deepEqual(returnedOf(create(OrderSchema, { captured: euros(50) }), undefined), []);
});
