import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ProductService } from "@shopmesh/api/shopmesh/catalog/v1/product_service_pb";
import { AdjustStockRequestSchema, InventoryService } from "@shopmesh/api/shopmesh/inventory/v1/inventory_service_pb";
import { Button } from "../../components/Button";
import { Field } from "../../components/Field";
import { Failed } from "../../components/States";
import { useToast } from "../../components/Toast";
import { rulesOf } from "../../form/rules";
import { count, say } from "../../texts/say";
import { countsOf } from "./changes";
import type { Calls } from "./saving";
import { save } from "./saving";
import type { useChanges } from "./useChanges";

// The reason goes with each row, as AdjustStock takes it.
const reasonRules = rulesOf(AdjustStockRequestSchema, "reason");

/** How much is changed, and saving it once it was looked through. */
export function SaveBar({ draft, checked, onCheck, onSaving }: {
  draft: ReturnType<typeof useChanges>; checked: boolean; onCheck(): void; onSaving(saving: boolean): void;
}) {
  const calls = useCalls();
  const toast = useToast();
  const queries = useQueryClient();
  const counts = countsOf(draft.changes);
  const saving = useMutation({
    mutationFn: async () => {
      await save(draft.changes, draft.reason, calls, draft.apply);
      return counts.cells - countsOf(draft.now()).cells;
    },
    onMutate: () => onSaving(true),
    onSettled: () => {
      onSaving(false);
      draft.settle();
      void queries.invalidateQueries();
    },
    onSuccess: (done) => toast(count("grid.saved", done)),
  });
  return (
    <div className="bulk-bar" role="region" aria-label={say("grid.changes_label")}>
      <span role="status">
        {count("grid.changes", counts.cells)}{counts.unread > 0 && <> {count("grid.unread", counts.unread)}</>}
      </span>
      {saving.error && <Failed error={saving.error} retry={() => saving.mutate()} />}
      {checked && counts.stocks > 0 && <Field name="reason" label={say("stock.reason")} value={draft.reason} onChange={draft.setReason} {...reasonRules} />}
      {checked
        ? <Button pending={saving.isPending} onPress={() => saving.mutate()}>{count("grid.save", counts.cells - counts.unread)}</Button>
        : <Button onPress={onCheck}>{say("grid.check")}</Button>}
      {!saving.isPending && <Button kind="quiet" onPress={() => draft.set({})}>{say("grid.discard")}</Button>}
    </div>
  );
}

function useCalls(): Calls {
  const transport = useTransport();
  const products = createClient(ProductService, transport);
  const inventory = createClient(InventoryService, transport);
  return {
    updateProducts: async (requests) => (await products.batchUpdateProducts({ requests })).outcomes,
    adjustStock: async (requests) => (await inventory.batchAdjustStock({ requests })).outcomes,
    getProducts: async (ids) => (await products.batchGetProducts({ ids })).products,
  };
}
