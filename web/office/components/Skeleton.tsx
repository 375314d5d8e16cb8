import type { ReactNode } from "react";
import { say } from "../texts/say";

/**
 * Holds the place of what is loading. It is made of what that will be made of, with bars for what is not known yet, so that nothing moves when it comes.
 * It is seen after 300 ms, so that what is quick does not flicker.
 */
export function Skeleton({ children }: { children: ReactNode }) {
  return (
    <div className="skeleton" role="status" aria-label={say("state.loading")}>
      <div className="stack" aria-hidden="true">{children}</div>
    </div>
  );
}

/** Stands for a text within a skeleton, as high as a line of it. */
export function TextBar() {
  return <span className="text-bar" />;
}

/** Stands for a button within a skeleton, as wide as what is written on it, or for a field of so many lines. */
export function ControlBar({ lines = 1, children }: { lines?: number; children?: string }) {
  return <span className="control-bar" {...(lines > 1 && { style: { blockSize: `calc(${lines} * 1.5em + 2 * var(--space-2) + 2px)` } })}>{children}</span>;
}

/** Stands for a Field within a skeleton. */
export function FieldBar({ label, help, lines = 1 }: { label: string; help?: string; lines?: number }) {
  return (
    <div className="field">
      <span className="label">{label}</span>
      <ControlBar lines={lines} />
      {help && <span className="soft">{help}</span>}
    </div>
  );
}

/** Stands for how many a list has. */
export function ListSizeBar() {
  return <p className="list-size"><TextBar /></p>;
}

// As many as a page of a list has.
const ROWS = 50;

interface RowBarsProps {
  columns: readonly { id: string; name: string; figures?: boolean }[];
  rows?: number;
  /** Whether it will be said above them how many there are. */
  counted?: boolean;
  /** Whether rows will be selected. */
  selected?: boolean;
}

/** Stands for a DataTable or a DataGrid within a skeleton. */
export function RowBars({ columns, rows = ROWS, counted = false, selected = false }: RowBarsProps) {
  return (
    <>
      {counted && <ListSizeBar />}
      <table className="data-table">
        <thead>
          <tr>
            {selected && <th className="select"><span className="check" /></th>}
            {columns.map((column) => <th key={column.id} className={column.figures ? "figures" : ""}>{column.name}</th>)}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: rows }, (_, at) => (
            <tr key={at}>
              {selected && <td className="select"><span className="check" /></td>}
              {columns.map((column) => <td key={column.id} className={column.figures ? "figures" : ""} data-label={column.name}><TextBar /></td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
