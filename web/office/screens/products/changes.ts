// What is changed in the grid and not yet saved. It is kept in the tab, as all drafts are.
import type { Product } from "@shopmesh/api/shopmesh/catalog/v1/product_pb";
import type { Stock } from "@shopmesh/api/shopmesh/inventory/v1/stock_pb";
import { exact, readAmount, readQuantity } from "../../form/typed";

/** What can be changed of a product. */
export type CellName = "price" | "stock";

/** A product as it was when its first cell was changed. */
export interface Seen {
  id: string;
  code: string;
  name: string;
  currency: string;
  price: string;
  etag: string;
  /** Empty where it is not known. */
  onHand: string;
}

/** A cell that is changed. */
export interface Typed {
  text: string;
  /** What it means: an amount, a count, or a difference with its sign; undefined where that can't be read. */
  value?: string;
  /** Why the shop refused it. */
  refused?: Refused;
  /** An adjustment that was sent and not answered: it is sent as it was, until there is an answer. */
  sent?: Sent;
}

export interface Refused {
  reason: string;
  violation: string;
}

export interface Sent {
  requestId: string;
  delta: string;
  reason: string;
}

export interface Change {
  seen: Seen;
  price?: Typed | undefined;
  stock?: Typed | undefined;
}

/** Changes by the product's id, in the order in which they were begun. */
export type Changes = Readonly<Record<string, Change>>;

/** A product as the grid shows it. */
export function seenOf(product: Product, stock: Stock | undefined): Seen {
  return {
    id: product.id, code: product.code, name: product.name, etag: product.etag,
    currency: product.price?.currencyCode ?? "", price: product.price ? exact(product.price) : "", onHand: stock ? String(stock.onHand) : "",
  };
}

/** Sets a cell to what was typed. Nothing, or what is there already, takes the change back. What was sent and not answered stays. */
export function setCell(changes: Changes, now: Seen, cell: CellName, text: string, locale: string): Changes {
  const last = changes[now.id];
  if (last?.[cell]?.sent) return changes;
  const seen = last ? seenFirst(last, now) : now;
  const value = cell === "price" ? readAmount(text, seen.currency, locale) : quantityOf(text, seen, locale);
  const same = text.trim() === "" || (value !== undefined && (cell === "price" ? value === seen.price : deltaOf(seen, value) === 0n));
  return put(changes, { ...last, seen, [cell]: same ? undefined : { text: text.trim(), ...(value !== undefined && { value }) } });
}

// A count says nothing where it is not known what was there.
function quantityOf(text: string, seen: Seen, locale: string): string | undefined {
  const value = readQuantity(text, locale);
  return seen.onHand === "" && value !== undefined && !/^[+-]/.test(value) ? undefined : value;
}

// What a cell is changed from stays as it was first seen: the etag of its price, the pieces that it was counted against.
function seenFirst({ seen, price, stock }: Change, now: Seen): Seen {
  return {
    ...now,
    ...(price && { price: seen.price, currency: seen.currency, etag: seen.etag }),
    ...(stock && { onHand: seen.onHand }),
  };
}

/** Puts what a product's change has become; without a cell it ends. */
export function put(changes: Changes, change: Change): Changes {
  const { id } = change.seen;
  if (change.price || change.stock) return { ...changes, [id]: change };
  return Object.fromEntries(Object.entries(changes).filter(([one]) => one !== id));
}

/** How many pieces what was typed adds or takes. */
export function deltaOf(seen: Seen, value: string): bigint {
  return /^[+-]/.test(value) ? BigInt(value) : BigInt(value) - BigInt(seen.onHand || "0");
}

/** How many cells are changed, and in how many of them nothing can be read. */
export function countsOf(changes: Changes): { cells: number; unread: number; stocks: number } {
  const cells = Object.values(changes).flatMap(({ price, stock }) => [price, stock]).filter((cell) => cell !== undefined);
  return {
    cells: cells.length,
    unread: cells.filter((cell) => cell.value === undefined).length,
    stocks: Object.values(changes).filter(({ stock }) => stock?.value !== undefined).length,
  };
}
