// Sends what was changed in the grid, in chunks, and tells what became of each row.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Product } from "@shopmesh/api/shopmesh/catalog/v1/product_pb";
import type { UpdateProductOutcome, UpdateProductRequestSchema } from "@shopmesh/api/shopmesh/catalog/v1/product_service_pb";
import type { Refusal } from "@shopmesh/api/shopmesh/errors/v1/refusal_pb";
import type { AdjustStockOutcome, AdjustStockRequestSchema } from "@shopmesh/api/shopmesh/inventory/v1/inventory_service_pb";
import { fromNumber } from "../../form/money";
import { exact } from "../../form/typed";
import { explainRule, refusalOf } from "../../rpc/errors";
import { uuid } from "../../rpc/uuid";
import type { CellName, Change, Changes, Refused, Typed } from "./changes";
import { deltaOf, put } from "./changes";

// How many rows BatchUpdateProducts and BatchAdjustStock take.
const ROWS = 50;

/** How many products BatchGetProducts and BatchGetStock take. */
export const IDS = 200;

/** The calls that saving makes. */
export interface Calls {
  updateProducts(requests: MessageInitShape<typeof UpdateProductRequestSchema>[]): Promise<readonly UpdateProductOutcome[]>;
  adjustStock(requests: MessageInitShape<typeof AdjustStockRequestSchema>[]): Promise<readonly AdjustStockOutcome[]>;
  getProducts(ids: string[]): Promise<readonly Product[]>;
}

/** Changes what is kept of the changes, whatever else was typed meanwhile. */
export type Apply = (step: (changes: Changes) => Changes) => void;

interface Row {
  change: Change;
  typed: Typed & { value: string };
}

/** Saves prices and stock beside each other. What is done is no change any more; what is refused keeps what was typed, with the reason. It throws what ended it before all rows had an answer. */
export async function save(changes: Changes, reason: string, calls: Calls, apply: Apply): Promise<void> {
  const both = await Promise.allSettled([savePrices(changes, calls, apply), saveStock(changes, reason, calls, apply)]);
  for (const one of both) if (one.status === "rejected") throw one.reason;
}

/** Divides rows into those of one call each. */
export function chunks<T>(rows: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, at) => rows.slice(at * size, (at + 1) * size));
}

function rowsOf(changes: Changes, cell: CellName): Row[] {
  return Object.values(changes).flatMap((change) => {
    const typed = change[cell];
    return typed?.value === undefined ? [] : [{ change, typed: { ...typed, value: typed.value } }];
  });
}

async function savePrices(changes: Changes, calls: Calls, apply: Apply): Promise<void> {
  const changed = await sendPrices(rowsOf(changes, "price"), calls, apply);
  // Where somebody else changed something else of a product meanwhile, its price is still the one that was seen.
  await sendPrices(await readAgain(changed, calls, apply), calls, apply);
}

// Sends prices, and returns those whose product somebody changed meanwhile.
async function sendPrices(rows: readonly Row[], calls: Calls, apply: Apply): Promise<Row[]> {
  const overtaken: Row[] = [];
  for (const chunk of chunks(rows, ROWS)) {
    await each(chunk, "price", apply, async (part) => {
      const outcomes = await calls.updateProducts(part.map(({ change: { seen }, typed }) => ({
        product: { id: seen.id, etag: seen.etag, price: fromNumber(Number(typed.value), seen.currency) }, updateMask: { paths: ["price"] },
      })));
      const outcomeOf = (at: number) => outcomes[at]?.outcome;
      overtaken.push(...part.filter((_, at) => {
        const outcome = outcomeOf(at);
        return outcome?.case === "refusal" && outcome.value.reason === "ETAG_MISMATCH";
      }));
      apply((begin) => part.reduce((now, row, at) => {
        const outcome = outcomeOf(at);
        if (outcome?.case === "product") return settle(priceIs(now, outcome.value), row, "price");
        return outcome?.case === "refusal" ? settle(now, row, "price", refusedOf(outcome.value)) : now;
      }, begin));
    });
  }
  return overtaken;
}

// Takes in what others changed. Returns the rows of which nobody else changed the price; the others show what is there now.
async function readAgain(rows: readonly Row[], calls: Calls, apply: Apply): Promise<Row[]> {
  const same: Row[] = [];
  for (const chunk of chunks(rows, IDS)) {
    const products = new Map((await calls.getProducts(chunk.map(({ change }) => change.seen.id))).map((product) => [product.id, product]));
    apply((begin) => [...products.values()].reduce(priceIs, begin));
    for (const { change, typed } of chunk) {
      const product = products.get(change.seen.id);
      if (product?.price && exact(product.price) === change.seen.price) same.push({ change: { ...change, seen: { ...change.seen, etag: product.etag } }, typed });
    }
  }
  return same;
}

// A product's price and etag are now these.
function priceIs(changes: Changes, product: Product): Changes {
  const change = changes[product.id];
  if (!change || !product.price) return changes;
  const seen = { ...change.seen, etag: product.etag, price: exact(product.price), currency: product.price.currencyCode };
  return put(changes, { ...change, seen, price: change.price?.value === seen.price ? undefined : change.price });
}

async function saveStock(changes: Changes, reason: string, calls: Calls, apply: Apply): Promise<void> {
  for (const chunk of chunks(rowsOf(changes, "stock"), ROWS)) {
    const ready = chunk.map(({ change, typed }) => ({
      change,
      typed: { ...typed, sent: typed.sent ?? { requestId: uuid(), delta: String(deltaOf(change.seen, typed.value)), reason } },
    }));
    // Kept before it is sent: an answer that is lost with the page is asked for again by the same id.
    apply((begin) => ready.reduce((now, { change, typed }) => replace(now, change, "stock", typed), begin));
    await each(ready, "stock", apply, async (part) => {
      const outcomes = await calls.adjustStock(part.map(({ change, typed }) => ({
        productCode: change.seen.code, requestId: typed.sent.requestId, delta: BigInt(typed.sent.delta), reason: typed.sent.reason,
      })));
      apply((begin) => part.reduce((now, row, at) => {
        const outcome = outcomes[at]?.outcome;
        if (outcome?.case === "stock") return settle(now, row, "stock");
        return outcome?.case === "refusal" ? settle(now, row, "stock", refusedOf(outcome.value)) : now;
      }, begin));
    });
  }
}

// Makes a call for rows. Where it is refused as a whole for what some of them hold, those are refused and the others sent without them.
async function each<T extends Row>(rows: readonly T[], cell: CellName, apply: Apply, call: (rows: readonly T[]) => Promise<void>): Promise<void> {
  if (rows.length === 0) return;
  try {
    await call(rows);
  } catch (error) {
    const { reason, violations } = refusalOf(error);
    const bad = new Map<T, Refused>();
    for (const [field, violation] of violations) {
      const row = rows[Number(/^requests\[(\d+)\]/.exec(field)?.[1] ?? Number.NaN)];
      if (row) bad.set(row, { reason, violation });
    }
    if (bad.size === 0) throw error;
    apply((begin) => [...bad].reduce((now, [row, refused]) => settle(now, row, cell, refused), begin));
    await each(rows.filter((row) => !bad.has(row)), cell, apply, call);
  }
}

// What became of a row: done, or refused. A cell that was typed anew meanwhile stays as it is.
function settle(changes: Changes, { change, typed }: Row, cell: CellName, refused?: Refused): Changes {
  const now = changes[change.seen.id]?.[cell];
  if (now?.text !== typed.text) return changes;
  return replace(changes, change, cell, refused ? { text: typed.text, value: typed.value, refused } : undefined);
}

function replace(changes: Changes, { seen }: Change, cell: CellName, typed: Typed | undefined): Changes {
  const now = changes[seen.id];
  return now ? put(changes, { ...now, [cell]: typed }) : changes;
}

function refusedOf({ reason, violations }: Refusal): Refused {
  const [first] = violations;
  return { reason, violation: first ? explainRule(first.rule, first.description) : "" };
}
