import { useState } from "react";
import { uuid } from "../rpc/uuid";

/** The id of a request: the same for the same content, so that a lost answer is asked for again and nothing is done twice. */
export function useRequestId(): (...content: readonly unknown[]) => string {
  const [ids] = useState(() => new Map<string, string>());
  return (...content) => {
    const text = JSON.stringify(content, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
    const id = ids.get(text) ?? uuid();
    ids.set(text, id);
    return id;
  };
}
