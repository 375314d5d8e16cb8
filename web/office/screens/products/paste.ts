// What is pasted from a sheet: cells stand behind each other by tabs, or by semicolons in a CSV file.
import type { CellName, Changes, Seen } from "./changes";
import { setCell } from "./changes";

/** The most lines that a list has. */
export const LINES = 1000;

/** A line of a pasted list. */
export interface Line {
  code: string;
  price: string;
  stock: string;
}

/** What became of a pasted list. */
export interface Pasted {
  changes: Changes;
  /** How many of its lines are about a product. */
  found: number;
  /** Codes that no product has, as they were pasted. */
  unknown: readonly string[];
  /** Codes that are there more than once: the last line counts. */
  repeated: readonly string[];
}

const pattern = /^[A-Za-z0-9._/-]{1,64}$/;

/** Splits what was pasted into lines of cells. */
export function cellsOf(pasted: string): string[][] {
  const lines = pasted.replace(/\r?\n$/, "").split(/\r?\n/);
  const between = pasted.includes("\t") ? "\t" : ";";
  return lines.map((line) => line.split(between).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1").trim()));
}

/** Reads a list: code, price and stock in each line. */
export function listOf(pasted: string): Line[] {
  return cellsOf(pasted).filter((cells) => cells.some((cell) => cell !== "")).map(([code = "", price = "", stock = ""]) => ({ code, price, stock }));
}

/** The codes of a list that a product can have, each once. */
export function codesOf(lines: readonly Line[]): string[] {
  return [...new Set(lines.map(({ code }) => code).filter((code) => pattern.test(code)))];
}

/** Changes the products of a list. An empty cell leaves its value as it is. */
export function pasteList(changes: Changes, lines: readonly Line[], products: ReadonlyMap<string, Seen>, may: Readonly<Record<CellName, boolean>>, locale: string): Pasted {
  let next = changes;
  const seen = new Set<string>();
  const [unknown, repeated] = [new Set<string>(), new Set<string>()];
  for (const line of lines) {
    const product = products.get(line.code);
    if (!product) {
      unknown.add(line.code);
      continue;
    }
    if (seen.has(line.code)) repeated.add(line.code);
    seen.add(line.code);
    for (const cell of ["price", "stock"] as const) {
      if (may[cell] && line[cell] !== "") next = setCell(next, product, cell, line[cell], locale);
    }
  }
  return { changes: next, found: seen.size, unknown: [...unknown], repeated: [...repeated] };
}

/** Changes the cells from one on, as a block of a sheet that is pasted there. What goes beyond the rows and columns is left out. */
export function pasteBlock(changes: Changes, block: readonly (readonly string[])[], rows: readonly Seen[], columns: readonly CellName[], locale: string): Changes {
  let next = changes;
  block.slice(0, rows.length).forEach((cells, at) => {
    const row = rows[at];
    columns.forEach((column, position) => {
      const text = cells[position];
      if (row && text !== undefined) next = setCell(next, row, column, text, locale);
    });
  });
  return next;
}
