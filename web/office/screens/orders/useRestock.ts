import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { InventoryService } from "@shopmesh/api/shopmesh/inventory/v1/inventory_service_pb";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { useDraft } from "../../form/useDraft";
import { uuid } from "../../rpc/uuid";
import { say } from "../../texts/say";

/** How many of a product come back into stock, and the id of the request for it: it is the same however often that is tried. */
export interface Returned {
  productCode: string;
  quantity: number;
  requestId: string;
}

/** What comes back into stock after a refund. */
export interface Restock {
  /** What is not in stock again yet. */
  lines: readonly Returned[];
  pending: boolean;
  error: unknown;
  /** Puts lines back. */
  begin(lines: readonly { productCode: string; quantity: number }[]): void;
  again(): void;
  /** Leaves the stock as it is. */
  end(): void;
}

/** Puts what was given back into stock. What could not be put there is kept until it is, beyond dialogs and loads of the page: the refund is done, and must not be made again for it. */
export function useRestock(order: Order): Restock {
  const transport = useTransport();
  const queries = useQueryClient();
  const draft = useDraft(`restock:${order.id}`, { lines: "[]" }, "");
  const lines = JSON.parse(draft.typed.lines ?? "[]") as readonly Returned[];
  const work = useMutation({
    mutationFn: async (returned: readonly Returned[]) => {
      const inventory = createClient(InventoryService, transport);
      const reason = say("refund.restock_reason", { Number: order.number });
      for (const { productCode, quantity, requestId } of returned) {
        await inventory.adjustStock({ productCode, delta: BigInt(quantity), reason, requestId });
      }
    },
    onSuccess: () => {
      draft.end();
      void queries.invalidateQueries();
    },
  });
  return {
    lines,
    pending: work.isPending,
    error: work.error,
    begin: (returned) => {
      if (returned.length === 0) return;
      const all = [...lines, ...returned.map((line) => ({ ...line, requestId: uuid() }))];
      draft.set("lines", JSON.stringify(all));
      work.mutate(all);
    },
    again: () => work.mutate(lines),
    end: () => {
      work.reset();
      draft.end();
    },
  };
}
