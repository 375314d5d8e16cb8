import type { ClipboardEvent, FocusEvent, KeyboardEvent, ReactNode } from "react";
import { memo, useLayoutEffect, useRef, useState } from "react";

export interface GridColumn<T> {
  id: string;
  name: string;
  cell(row: T): ReactNode;
  /** Whether it holds figures, which stand under each other at the end. */
  figures?: boolean;
  /** What editing a cell begins with; undefined where it can't be changed. */
  text?: (row: T) => string | undefined;
  /** Whether what was typed into a cell is wrong. */
  wrong?: (row: T) => boolean;
}

interface DataGridProps<T> {
  label: string;
  columns: readonly GridColumn<T>[];
  rows: readonly T[];
  keyOf(row: T): string;
  /** Enter was pressed on a cell that can't be changed. */
  onOpen(row: T): void;
  /** Something was typed into a cell; nothing takes its change back. */
  onType(row: T, column: string, text: string): void;
  /** Something was pasted from a cell on. */
  onPaste(row: number, column: string, text: string): void;
  onUndo(): void;
  empty: ReactNode;
}

interface Place {
  row: number;
  column: number;
}

// Where keys lead from a cell, in rows and columns.
const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1],
  PageDown: [10, 0], PageUp: [-10, 0], Home: [0, -Infinity], End: [0, Infinity],
};

/** A list whose cells are edited as in a sheet (https://www.w3.org/WAI/ARIA/apg/patterns/grid/). */
export function DataGrid<T extends object>({ label, columns, rows, keyOf, onOpen, onType, onPaste, onUndo, empty }: DataGridProps<T>) {
  const table = useRef<HTMLTableElement>(null);
  const inside = useRef(false); // whether the focus is in the grid, or was in a row that is gone
  const [at, setAt] = useState<Place>({ row: 0, column: 0 });
  const [begun, setBegun] = useState<string>(); // what editing the cell began with
  const open = useRef(false);

  const go = (row: number, column: number) => {
    const place = { row: within(row, rows.length), column: within(column, columns.length) };
    setAt(place);
    cellAt(table.current, place)?.focus();
  };
  const textAt = (place: Place) => {
    const row = rows[place.row];
    return row && columns[place.column]?.text?.(row);
  };
  const begin = (text: string | undefined) => {
    if (open.current || textAt(at) === undefined || text === undefined) return;
    open.current = true;
    setBegun(text);
  };
  const end = (input: HTMLInputElement, takes: boolean) => {
    if (!open.current) return;
    open.current = false;
    setBegun(undefined);
    if (takes && input.value !== textAt(at)) change(input.value);
  };
  const change = (text: string) => {
    const [row, column] = [rows[at.row], columns[at.column]];
    if (row && column && textAt(at) !== undefined) onType(row, column.id, text);
  };
  const openRow = () => {
    const row = rows[at.row];
    if (row) onOpen(row);
  };
  // The next or the last cell that can be changed.
  const next = (by: 1 | -1): Place | undefined => {
    for (let place = at.row * columns.length + at.column + by; place >= 0 && place < rows.length * columns.length; place += by) {
      const found = { row: Math.floor(place / columns.length), column: place % columns.length };
      if (textAt(found) !== undefined) return found;
    }
    return undefined;
  };

  const whileEditing = (event: KeyboardEvent, input: HTMLInputElement) => {
    if (event.key === "Enter") {
      end(input, true);
      go(at.row + (event.shiftKey ? -1 : 1), at.column);
    } else if (event.key === "Tab") {
      end(input, true);
      const place = next(event.shiftKey ? -1 : 1);
      if (!place) return; // on to what is after the grid
      go(place.row, place.column);
    } else if (event.key === "Escape") {
      end(input, false);
      go(at.row, at.column);
    } else {
      return;
    }
    event.preventDefault();
  };
  const hear = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement) {
      whileEditing(event, event.target);
      return;
    }
    if (!isCell(event.target) || event.altKey) return;
    const command = event.ctrlKey || event.metaKey;
    const step = steps[event.key];
    if (step) go(command && step[0] === 0 && Math.abs(step[1]) > 1 ? at.row + step[1] : at.row + step[0], at.column + step[1]);
    else if (command && event.key.toLowerCase() === "z") onUndo();
    else if (command) return;
    else if (event.key === "Enter" && textAt(at) === undefined) openRow();
    else if (event.key === "Enter" || event.key === "F2") begin(textAt(at));
    else if (event.key === "Delete" || event.key === "Backspace") change("");
    else if (/^[\d+\-.,]$/.test(event.key)) begin(event.key);
    else return;
    event.preventDefault();
  };
  const paste = (event: ClipboardEvent) => {
    const text = event.clipboardData.getData("text/plain");
    const column = columns[at.column];
    const input = event.target instanceof HTMLInputElement ? event.target : undefined;
    if (text === "" || !column || (input && !/[\t\n]/.test(text))) return;
    event.preventDefault();
    if (input) end(input, false);
    onPaste(at.row, column.id, text);
    go(at.row, at.column);
  };

  // The row with the focus may be another one now, or gone, because it was saved or its change taken back.
  useLayoutEffect(() => {
    if (!inside.current) return;
    const place = placeOf(document.activeElement);
    if (document.activeElement === document.body) go(at.row, at.column);
    else if (place && (place.row !== at.row || place.column !== at.column)) setAt(place);
  });

  if (rows.length === 0) return empty;
  const active = { row: within(at.row, rows.length), column: within(at.column, columns.length) };
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-to-interactive-role -- a table whose cells are edited is a grid
    <table ref={table} className="data-table data-grid" role="grid" aria-label={label} onKeyDown={hear} onPaste={paste}
      onFocus={(event: FocusEvent) => {
        inside.current = true;
        const place = placeOf(event.target);
        if (place) setAt(place);
      }}
      onBlur={(event: FocusEvent) => {
        if (event.target instanceof HTMLInputElement) end(event.target, true);
        inside.current = event.relatedTarget === null && !document.hasFocus() ? inside.current : isIn(table.current, event.relatedTarget);
      }}
      onDoubleClick={() => begin(textAt(at))}>
      <thead>
        <tr role="row">{columns.map((column) => <th key={column.id} role="columnheader" scope="col" className={column.figures ? "figures" : ""}>{column.name}</th>)}</tr>
      </thead>
      <tbody>
        {rows.map((row, position) => (
          <GridRow<T> key={keyOf(row)} row={row} position={position} columns={columns} active={position === active.row ? active.column : undefined}
            begun={position === active.row ? begun : undefined} />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps<T> {
  row: T;
  position: number;
  columns: readonly GridColumn<T>[];
  /** The column of the cell that Tab leads to, where it is in this row. */
  active: number | undefined;
  begun: string | undefined;
}

function PlainRow<T>({ row, position, columns, active, begun }: RowProps<T>) {
  return (
    <tr role="row">
      {columns.map((column, at) => (
        <td key={column.id} role={at === 0 ? "rowheader" : "gridcell"} tabIndex={at === active && begun === undefined ? 0 : -1} data-place={`${position}:${at}`} data-label={column.name}
          className={column.figures ? "figures" : ""} aria-readonly={column.text?.(row) === undefined} aria-invalid={column.wrong?.(row) ?? false}>
          {at === active && begun !== undefined ? <CellInput label={column.name} begun={begun} /> : column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

// A key that moves through the grid draws two rows, not a thousand.
const GridRow = memo(PlainRow) as typeof PlainRow;

function CellInput({ label, begun }: { label: string; begun: string }) {
  const input = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    input.current?.focus();
    input.current?.setSelectionRange(begun.length, begun.length);
  }, [begun]);
  return <input ref={input} aria-label={label} inputMode="decimal" autoComplete="off" defaultValue={begun} />;
}

function within(at: number, length: number): number {
  return Math.max(0, Math.min(at, length - 1));
}

function isIn(table: HTMLElement | null, target: EventTarget | null): boolean {
  return target instanceof Node && table !== null && table.contains(target);
}

function isCell(target: EventTarget): target is HTMLElement {
  return target instanceof HTMLElement && target.dataset.place !== undefined;
}

function placeOf(target: EventTarget | null): Place | undefined {
  const cell = target instanceof HTMLElement ? target.closest<HTMLElement>("[data-place]") : null;
  const [row, column] = (cell?.dataset.place ?? "").split(":").map(Number);
  return row !== undefined && column !== undefined ? { row, column } : undefined;
}

function cellAt(table: HTMLElement | null, { row, column }: Place): HTMLElement | null {
  return table?.querySelector(`[data-place="${row}:${column}"]`) ?? null;
}
