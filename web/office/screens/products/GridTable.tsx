import type { ReactNode } from "react";
import { useMemo } from "react";
import type { GridColumn } from "../../components/DataGrid";
import { DataGrid } from "../../components/DataGrid";
import { RowBars } from "../../components/Skeleton";
import { typedAmount } from "../../form/typed";
import { explainReason } from "../../rpc/errors";
import { number } from "../../texts/format";
import { locale, say } from "../../texts/say";
import type { CellName, Change, Changes, Seen, Typed } from "./changes";
import { deltaOf } from "./changes";

interface GridTableProps {
  rows: readonly Seen[];
  changes: Changes;
  may: Readonly<Record<CellName, boolean>>;
  /** Whether what is changed is being sent. */
  saving: boolean;
  onOpen(row: Seen): void;
  onType(row: Seen, cell: CellName, text: string): void;
  /** Something was pasted into the first of these rows, and the first of these columns. */
  onPaste(rows: readonly Seen[], columns: readonly CellName[], text: string): void;
  onUndo(): void;
  empty: ReactNode;
}

interface Row {
  seen: Seen;
  change: Change | undefined;
}

const cells: readonly CellName[] = ["price", "stock"];

/** Products with what is changed of them. */
export function GridTable({ rows, changes, may, saving, onOpen, onType, onPaste, onUndo, empty }: GridTableProps) {
  const shown = useMemo(() => rows.map((seen): Row => ({ seen, change: changes[seen.id] })), [rows, changes]);
  const columns = useMemo(() => columnsOf({ price: may.price, stock: may.stock }, saving), [may.price, may.stock, saving]);
  const cellOf = (column: string) => cells.find((one) => one === column);
  return (
    <DataGrid label={say("grid.title")} columns={columns} rows={shown} keyOf={(row) => row.seen.id} onUndo={onUndo} empty={empty}
      onOpen={(row) => onOpen(row.seen)}
      onType={(row, column, text) => {
        const cell = cellOf(column);
        if (cell) onType(row.seen, cell, text);
      }}
      onPaste={(at, column, text) => {
        const first = cells.findIndex((one) => one === column);
        if (first >= 0) onPaste(rows.slice(at), cells.slice(first).filter((one) => may[one]), text);
      }} />
  );
}

/** Stands for it within a skeleton. */
export function GridBars({ rows }: { rows: number }) {
  return <RowBars columns={columnsOf({ price: false, stock: false }, false)} rows={rows} />;
}

function columnsOf(may: Readonly<Record<CellName, boolean>>, saving: boolean): GridColumn<Row>[] {
  const editable = (cell: CellName, text: (row: Row) => string) => ({
    text: (row: Row) => (may[cell] && !row.change?.[cell]?.sent ? (row.change?.[cell]?.text ?? text(row)) : undefined),
    wrong: (row: Row) => {
      const typed = row.change?.[cell];
      return typed !== undefined && (typed.value === undefined || typed.refused !== undefined);
    },
  });
  return [
    { id: "code", name: say("product.code"), cell: ({ seen }) => <bdi>{seen.code}</bdi> },
    { id: "name", name: say("product.name"), cell: ({ seen }) => <bdi>{seen.name}</bdi> },
    {
      id: "price", name: say("product.price"), figures: true, cell: (row) => <PriceCell row={row} />,
      ...editable("price", ({ seen }) => (seen.price === "" ? "" : typedAmount(seen.price, seen.currency, locale))),
    },
    {
      id: "stock", name: say("stock.on_hand"), figures: true, cell: (row) => <StockCell row={row} />,
      ...editable("stock", ({ seen }) => (seen.onHand === "" ? "" : number(BigInt(seen.onHand)))),
    },
    { id: "note", name: say("grid.note"), cell: ({ change }) => <Notes change={change} saving={saving} /> },
  ];
}

function PriceCell({ row: { seen, change } }: { row: Row }) {
  const was = amountOf((change?.seen ?? seen).price, seen.currency);
  return <Changed was={was} typed={change?.price} now={(value) => amountOf(value, change?.seen.currency ?? seen.currency)} />;
}

function amountOf(value: string, currency: string): string {
  if (value === "" || currency === "") return "–";
  return new Intl.NumberFormat(locale, { style: "currency", currency }).format(value as `${number}`);
}

function StockCell({ row: { seen, change } }: { row: Row }) {
  const first = change?.stock ? change.seen : seen;
  const pieces = (value: string) => {
    const delta = deltaOf(first, value);
    return `${number(BigInt(first.onHand || "0") + delta)} (${delta > 0n ? "+" : ""}${number(delta)})`;
  };
  return <Changed was={first.onHand === "" ? "–" : number(BigInt(first.onHand))} typed={change?.stock} now={pieces} />;
}

// What a cell is, and what it becomes; what can't be read stands as it was typed.
function Changed({ was, typed, now }: { was: string; typed: Typed | undefined; now(value: string): string }) {
  if (!typed) return <bdi>{was}</bdi>;
  return <span><bdi className="soft">{was}</bdi> → <ins><bdi>{typed.value === undefined ? typed.text : now(typed.value)}</bdi></ins></span>;
}

// What is wrong with a row, or not known yet.
function Notes({ change, saving }: { change: Change | undefined; saving: boolean }) {
  const price = noteOf(change?.price, say("grid.unread_price"));
  const stock = noteOf(change?.stock, say("grid.unread_stock"));
  const unanswered = change?.stock?.sent && !saving;
  return (
    <div>
      {price && <p>{say("grid.note_price", { Why: price })}</p>}
      {stock && <p>{say("grid.note_stock", { Why: stock })}</p>}
      {unanswered && <p>{say("grid.note_stock", { Why: say("grid.unanswered") })}</p>}
    </div>
  );
}

function noteOf(typed: Typed | undefined, unread: string): string {
  if (!typed) return "";
  if (typed.value === undefined) return unread;
  if (!typed.refused) return "";
  if (typed.refused.reason === "ETAG_MISMATCH") return say("grid.overtaken");
  return typed.refused.violation || explainReason(typed.refused.reason);
}
