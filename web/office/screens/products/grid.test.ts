import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ProductSchema } from "@shopmesh/api/shopmesh/catalog/v1/product_pb";
import { UpdateProductOutcomeSchema } from "@shopmesh/api/shopmesh/catalog/v1/product_service_pb";
import { AdjustStockOutcomeSchema } from "@shopmesh/api/shopmesh/inventory/v1/inventory_service_pb";
import { StockSchema } from "@shopmesh/api/shopmesh/inventory/v1/stock_pb";
import assert from "node:assert/strict";
import test from "node:test";
import { fromNumber } from "../../form/money";
import { refuse } from "../../rpc/errors";
import type { Changes } from "./changes";
import { countsOf, deltaOf, seenOf, setCell } from "./changes";
import { cellsOf, codesOf, listOf, pasteBlock, pasteList } from "./paste";
import type { Calls } from "./saving";
import { chunks, save } from "./saving";
import { gridSearch } from "./search";

const productOf = (code: string, price = 18, etag = "1") => create(ProductSchema, { id: `id-${code}`, code, name: code, price: fromNumber(price, "EUR"), etag });
const seen = (code: string, onHand = 10n) => seenOf(productOf(code), create(StockSchema, { onHand }));
const both = { price: true, stock: true };

test("a cell is changed, and what is there already or nothing takes that back", () => {
  const changed = setCell({}, seen("A"), "price", "19,50", "de");
  assert.deepEqual(changed["id-A"]?.price, { text: "19,50", value: "19.5" });
  for (const text of ["18", "18,00 €", " "]) assert.deepEqual(setCell(changed, seen("A"), "price", text, "de"), {});
  assert.deepEqual(setCell({}, seen("A"), "stock", "10", "de"), {});
  assert.deepEqual(setCell({}, seen("A"), "stock", "+0", "de"), {});
});

test("what can't be read stays as it was typed, and is counted", () => {
  const changes = setCell(setCell({}, seen("A"), "price", "19.50", "de"), seen("A"), "stock", "1,5", "de");
  assert.deepEqual(changes["id-A"]?.price, { text: "19.50" });
  assert.deepEqual(countsOf(changes), { cells: 2, unread: 2, stocks: 0 });
});

test("a count says nothing where nobody knows what was there", () => {
  const unknown = seenOf(productOf("A"), undefined);
  assert.equal(setCell({}, unknown, "stock", "12", "en")["id-A"]?.stock?.value, undefined);
  assert.equal(setCell({}, unknown, "stock", "+12", "en")["id-A"]?.stock?.value, "+12");
});

test("stock goes as a difference, to what was seen when it was typed (PrestaShop#19454)", () => {
  assert.equal(deltaOf(seen("A"), "12"), 2n);
  assert.equal(deltaOf(seen("A"), "+5"), 5n);
  assert.equal(deltaOf(seen("A"), "-3"), -3n);
  const counted = setCell({}, seen("A"), "stock", "12", "en");
  const again = setCell(counted, seen("A", 7n), "stock", "13", "en");
  assert.equal(again["id-A"]?.seen.onHand, "10");
});

test("a price keeps the etag that it was typed over, whatever is read and typed meanwhile", () => {
  const first = setCell({}, seen("A"), "price", "20", "en");
  const later = setCell(first, seenOf(productOf("A", 21, "2"), create(StockSchema, { onHand: 9n })), "stock", "12", "en");
  assert.deepEqual([later["id-A"]?.seen.etag, later["id-A"]?.seen.price, later["id-A"]?.seen.onHand], ["1", "18", "9"]);
});

test("a list is pasted by tabs or semicolons, and its codes are matched", () => {
  assert.deepEqual(listOf('A\t19,50\t12\r\n\r\n"B"\t\t+5\r\n'), [{ code: "A", price: "19,50", stock: "12" }, { code: "B", price: "", stock: "+5" }]);
  assert.deepEqual(listOf("A; 19,50"), [{ code: "A", price: "19,50", stock: "" }]);
  const lines = listOf("A\t19,50\t12\nno code\t1\nZ\t1\nB\tx\nA\t20\t");
  assert.deepEqual(codesOf(lines), ["A", "Z", "B"]);
  const pasted = pasteList({}, lines, new Map([["A", seen("A")], ["B", seen("B")]]), both, "de");
  assert.deepEqual({ ...pasted, changes: countsOf(pasted.changes) }, { found: 2, unknown: ["no code", "Z"], repeated: ["A"], changes: { cells: 3, unread: 1, stocks: 1 } });
  assert.equal(pasted.changes["id-A"]?.price?.value, "20");
  assert.deepEqual(countsOf(pasteList({}, lines, new Map([["A", seen("A")]]), { price: true, stock: false }, "de").changes).cells, 1);
});

test("a block is pasted from a cell on, and what has no cell is left out", () => {
  const rows = [seen("A"), seen("B")];
  const changes = pasteBlock({}, cellsOf("19,50\t12\tx\n20\n21\n"), rows, ["price", "stock"], "de");
  assert.deepEqual(Object.values(changes).map(({ price, stock }) => [price?.value, stock?.value]), [["19.5", "12"], ["20", undefined]]);
  assert.deepEqual(Object.values(pasteBlock({}, cellsOf("7"), rows, ["stock"], "de")).map(({ stock }) => stock?.value), ["7"]);
});

test("rows are divided into calls", () => {
  assert.deepEqual(chunks([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]]);
  assert.deepEqual(chunks([], 2), []);
});

// A shop that does all that it is asked for, and what the office keeps.
function shop(overrides: Partial<Calls> = {}) {
  const kept = { changes: {} as Changes, prices: [] as string[][], adjustments: [] as string[][] };
  const calls: Calls = {
    updateProducts: async (requests) => {
      kept.prices.push(requests.map(({ product }) => product?.id ?? ""));
      return requests.map(({ product }) => create(UpdateProductOutcomeSchema, {
        outcome: { case: "product", value: create(ProductSchema, { id: product?.id ?? "", price: product?.price ?? fromNumber(0, "EUR"), etag: "2" }) },
      }));
    },
    adjustStock: async (requests) => {
      kept.adjustments.push(requests.map(({ productCode, delta, requestId }) => `${productCode} ${delta} ${requestId}`));
      return requests.map(() => create(AdjustStockOutcomeSchema, { outcome: { case: "stock", value: {} } }));
    },
    getProducts: async () => [],
    ...overrides,
  };
  return { kept, run: () => save(kept.changes, "delivery", calls, (step) => { kept.changes = step(kept.changes); }), calls };
}

const refusal = (reason: string, description = "") => ({ case: "refusal" as const, value: { reason, violations: description === "" ? [] : [{ field: "x", description }] } });

test("120 prices go in three calls, and what is done is no change any more", async () => {
  const { kept, run } = shop();
  for (let at = 0; at < 120; at++) kept.changes = setCell(kept.changes, seen(`A${at}`), "price", "20", "en");
  kept.changes = setCell(kept.changes, seen("A0"), "stock", "x", "en");
  await run();
  assert.deepEqual(kept.prices.map((ids) => ids.length), [50, 50, 20]);
  assert.deepEqual(Object.values(kept.changes).map((change) => [change.price, change.stock?.text, change.seen.price]), [[undefined, "x", "20"]]);
});

test("refused rows keep what was typed, with the reason, and again sends those alone", async () => {
  let refuses = true;
  const sent: string[][] = [];
  const { kept, run } = shop({
    adjustStock: async (requests) => {
      sent.push(requests.map(({ productCode }) => productCode ?? ""));
      return requests.map(({ productCode }) => create(AdjustStockOutcomeSchema, {
        outcome: refuses && productCode === "B" ? refusal("STOCK_INSUFFICIENT") : { case: "stock", value: {} },
      }));
    },
  });
  for (const code of ["A", "B", "C"]) kept.changes = setCell(kept.changes, seen(code), "stock", "-4", "en");
  await run();
  assert.deepEqual(kept.changes["id-B"]?.stock, { text: "-4", value: "-4", refused: { reason: "STOCK_INSUFFICIENT", violation: "" } });
  refuses = false;
  await run();
  assert.deepEqual(sent, [["A", "B", "C"], ["B"]]);
  assert.deepEqual(kept.changes, {});
});

test("an answer that is lost is asked for by the same id, and the cell waits for it", async () => {
  const lost = new ConnectError("away", Code.Unavailable);
  const { kept, calls, run } = shop();
  kept.changes = setCell(kept.changes, seen("A"), "stock", "+5", "en");
  const { adjustStock } = calls;
  calls.adjustStock = async (requests) => {
    await adjustStock(requests);
    throw lost;
  };
  await assert.rejects(run, lost);
  assert.deepEqual(setCell(kept.changes, seen("A"), "stock", "+6", "en"), kept.changes);
  calls.adjustStock = adjustStock;
  await run();
  assert.equal(kept.adjustments.length, 2);
  assert.deepEqual(kept.adjustments[0], kept.adjustments[1]);
  assert.deepEqual(kept.changes, {});
});

test("a price that somebody else changed is shown, and one beside whose price they changed something is saved", async () => {
  let first = true;
  const { kept, run } = shop({
    updateProducts: async (requests) => requests.map(({ product }) => create(UpdateProductOutcomeSchema, {
      outcome: product?.etag === "1" || product?.id === "id-B" && first ? refusal("ETAG_MISMATCH") : { case: "product", value: productOf(product?.id?.slice(3) ?? "", 20, "3") },
    })),
    getProducts: async () => [productOf("A", 18, "2"), productOf("B", 21, "2")],
  });
  for (const code of ["A", "B"]) kept.changes = setCell(kept.changes, seen(code), "price", "20", "en");
  await run();
  assert.deepEqual(Object.values(kept.changes), [{ seen: { ...seen("B"), price: "21", etag: "2" }, price: { text: "20", value: "20", refused: { reason: "ETAG_MISMATCH", violation: "" } } }]);
  first = false;
  await run();
  assert.deepEqual(kept.changes, {});
});

test("rows for which a call is refused as a whole are named, and the others sent without them", async () => {
  const { kept, calls, run } = shop();
  const { adjustStock } = calls;
  calls.adjustStock = async (requests) => {
    const at = requests.findIndex(({ productCode }) => productCode === "B");
    if (at >= 0) throw refuse([{ field: `requests[${at}].delta`, description: "too many" }]);
    return await adjustStock(requests);
  };
  for (const code of ["A", "B", "C"]) kept.changes = setCell(kept.changes, seen(code), "stock", "+4", "en");
  await run();
  assert.deepEqual(Object.values(kept.changes).map(({ stock }) => stock?.refused), [{ reason: "INVALID_FIELD", violation: "too many" }]);
  assert.deepEqual(kept.adjustments.map((rows) => rows.length), [2]);
});

test("an address of the grid keeps what is understood", () => {
  assert.deepEqual(gridSearch({ q: "mug", only: "changed", view: "nonsense" }), { q: "mug", only: "changed" });
  assert.deepEqual(gridSearch({ only: "all" }), {});
});
