import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { ProductService } from "@shopmesh/api/shopmesh/catalog/v1/product_service_pb";
import { InventoryService } from "@shopmesh/api/shopmesh/inventory/v1/inventory_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { Form } from "../../components/Form";
import { useDraft } from "../../form/useDraft";
import { refuse } from "../../rpc/errors";
import { useSession } from "../../session/browser";
import { locale, say } from "../../texts/say";
import type { CellName, Changes, Seen } from "./changes";
import { seenOf } from "./changes";
import type { Pasted } from "./paste";
import { codesOf, LINES, listOf, pasteList } from "./paste";
import { chunks, IDS } from "./saving";

/** Takes a list of prices and stock, by the products' codes. It changes nothing yet: the grid shows what it would. */
export function PasteDialog({ changes, may, onPasted, onClose }: {
  changes: Changes; may: Readonly<Record<CellName, boolean>>; onPasted(result: Pasted): void; onClose(): void;
}) {
  const draft = useDraft("price_list", { list: "" }, "");
  const { list = "" } = draft.typed;
  const close = () => {
    draft.end();
    onClose();
  };
  const read = useProducts();
  const paste = useMutation({
    mutationFn: async () => {
      const lines = listOf(list);
      if (lines.length === 0) throw refuse([{ field: "list", description: say("grid.list_empty") }]);
      if (lines.length > LINES) throw refuse([{ field: "list", description: say("grid.list_long", { Most: LINES }) }]);
      return pasteList(changes, lines, await read(codesOf(lines)), may, locale);
    },
    onSuccess: (result) => {
      draft.end();
      onPasted(result);
    },
  });
  return (
    <Dialog title={say("grid.paste_title")} changed={draft.mask.length > 0} onClose={close}>
      <Form error={paste.error} pending={paste.isPending} submit={say("grid.compare")} onSubmit={() => paste.mutate()}>
        <Field name="list" label={say("grid.list")} help={say("grid.list_help")} rows={10} value={list} onChange={(typed) => draft.set("list", typed)} focused />
      </Form>
    </Dialog>
  );
}

// Reads products by their codes, with their stock where one may see it.
function useProducts() {
  const transport = useTransport();
  const reads = useSession().may(Permission.STOCK_READ);
  const products = createClient(ProductService, transport);
  const inventory = createClient(InventoryService, transport);
  return async (codes: readonly string[]): Promise<ReadonlyMap<string, Seen>> => {
    const found = await Promise.all(chunks(codes, IDS).map(async (some) => {
      const [catalog, stock] = await Promise.all([
        products.batchGetProducts({ codes: some }), reads ? inventory.batchGetStock({ productCodes: some }) : { stocks: [] },
      ]);
      const stocks = new Map(stock.stocks.map((one) => [one.productId, one]));
      return catalog.products.map((product) => [product.code, seenOf(product, stocks.get(product.id))] as const);
    }));
    return new Map(found.flat());
  };
}
