import type { ReactNode } from "react";
import { useState } from "react";

/** A component in its states. */
export interface Shown {
  name: string;
  states: readonly State[];
}

/** A component as it is in one. */
export interface State {
  name: string;
  shown: ReactNode;
}

/** Keeps what is typed or chosen. */
export function Kept<T>({ first, children }: { first: T; children(value: T, change: (value: T) => void): ReactNode }) {
  const [value, setValue] = useState(first);
  return children(value, setValue);
}

/** For what does nothing here. */
export const nothing = () => {};
