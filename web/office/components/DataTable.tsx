import type { ReactNode, RefObject } from "react";
import { useEffect, useRef } from "react";
import { CheckboxButton, CheckboxField } from "react-aria-components/Checkbox";
import type { Selection } from "react-aria-components/Table";
import { Cell, Column, Row, Table, TableBody, TableHeader } from "react-aria-components/Table";

export interface TableColumn<T> {
  id: string;
  name: string;
  cell(row: T): ReactNode;
  /** Whether it holds figures, which stand under each other at the end. */
  figures?: boolean;
}

interface DataTableProps<T> {
  label: string;
  columns: readonly TableColumn<T>[];
  rows: readonly T[];
  keyOf(row: T): string;
  onOpen?: (row: T) => void;
  /** The keys of the rows that are selected; without them none can be. */
  selected?: ReadonlySet<string>;
  onSelect?: (selected: ReadonlySet<string>) => void;
  empty: ReactNode;
}

/** A list. j and k go through it, x selects, Enter opens; on narrow screens each row is a card. */
export function DataTable<T extends object>({ label, columns, rows, keyOf, onOpen, selected, onSelect, empty }: DataTableProps<T>) {
  const table = useRef<HTMLTableElement>(null);
  useRowKeys(table);
  if (rows.length === 0) return empty;
  const select = (chosen: Selection) => onSelect?.(new Set(chosen === "all" ? rows.map(keyOf) : [...chosen].map(String)));
  return (
    <Table ref={table} className="data-table" aria-label={label} selectionMode={selected ? "multiple" : "none"}
      {...(selected && { selectedKeys: selected, onSelectionChange: select })}
      {...(onOpen && { onRowAction: (key) => open(rows.find((row) => keyOf(row) === key), onOpen) })}>
      <TableHeader>
        {selected && <Column className="select"><SelectBox /></Column>}
        {columns.map((column, at) => (
          <Column key={column.id} id={column.id} isRowHeader={at === 0} className={column.figures ? "figures" : ""}>{column.name}</Column>
        ))}
      </TableHeader>
      <TableBody>
        {rows.map((row) => (
          <Row key={keyOf(row)} id={keyOf(row)}>
            {selected && <Cell className="select"><SelectBox /></Cell>}
            {columns.map((column) => (
              <Cell key={column.id} className={column.figures ? "figures" : ""} data-label={column.name}>{column.cell(row)}</Cell>
            ))}
          </Row>
        ))}
      </TableBody>
    </Table>
  );
}

// React Aria names it: by the row that it selects, or all.
function SelectBox() {
  return <CheckboxField slot="selection"><CheckboxButton className="check"><span className="box" aria-hidden="true" /></CheckboxButton></CheckboxField>;
}

function open<T>(row: T | undefined, onOpen: (row: T) => void) {
  if (row) onOpen(row);
}

/** Whether a key is typed into something. */
export function typing(event: KeyboardEvent): boolean {
  const at = event.target;
  if (at instanceof HTMLInputElement && at.type === "checkbox") return false;
  return at instanceof HTMLElement && (at.isContentEditable || ["INPUT", "SELECT", "TEXTAREA"].includes(at.tagName));
}

// The table that keys are for: the one with the focus, else the first of the screen..
function leading(): Element | undefined {
  const tables = [...document.querySelectorAll(".data-table:not(.skeleton *)")];
  return tables.find((table) => table.contains(document.activeElement)) ?? tables[0];
}

// Letters lead through the rows wherever the focus is, unless something is typed or a dialog is open.
function useRowKeys(table: RefObject<HTMLTableElement | null>) {
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event) || document.querySelector(".modal")) return;
      if (table.current !== leading()) return;
      const rows = [...(table.current?.querySelectorAll<HTMLElement>("tbody [role=row]") ?? [])];
      const at = rows.findIndex((row) => row.contains(document.activeElement));
      if (event.key === "j") rows[Math.min(at + 1, rows.length - 1)]?.focus();
      else if (event.key === "k") rows[Math.max(at - 1, 0)]?.focus();
      else if (event.key === "x") rows[at]?.querySelector<HTMLElement>("input[type=checkbox]")?.click();
    };
    window.addEventListener("keydown", hear);
    return () => window.removeEventListener("keydown", hear);
  }, [table]);
}
