import { useMutation } from "@connectrpc/connect-query";
import { AdjustStockRequestSchema, InventoryService } from "@shopmesh/api/shopmesh/inventory/v1/inventory_service_pb";
import type { Stock } from "@shopmesh/api/shopmesh/inventory/v1/stock_pb";
import { Dialog } from "../../components/Dialog";
import { Choice, Field, QuantityField } from "../../components/Field";
import { Form } from "../../components/Form";
import { useToast } from "../../components/Toast";
import { Unanswered } from "../../components/Unanswered";
import { useDone } from "../../components/useDone";
import { useDraft } from "../../form/useDraft";
import { useRequests } from "../../form/useRequests";
import { number } from "../../texts/format";
import { count, say } from "../../texts/say";
import type { By } from "./adjusting";
import { deltaOf } from "./adjusting";

/** Changes what is on hand, by a difference or by what was counted. It goes as a difference to what was seen, so that a sale meanwhile is not undone. */
export function AdjustDialog({ stock, onClose }: { stock: Stock; onClose(): void }) {
  const done = useDone();
  const toast = useToast();
  const requests = useRequests("AdjustStock");
  const draft = useDraft(`adjust:${stock.productId}`, { by: "difference", value: "", reason: "", seen: String(stock.onHand) }, "");
  const { by = "", value = "", reason = "" } = draft.typed;
  const close = () => {
    draft.end();
    onClose();
  };
  const delta = deltaOf(draft.typed);
  const adjust = useMutation(InventoryService.method.adjustStock, {
    onSuccess: () => {
      done(say("stock.adjusted", { Code: stock.productCode }));
      close();
    },
  });
  const request = { productCode: stock.productCode, delta, reason };
  const save = () => {
    if (by === "count" && value !== "" && delta === 0n) {
      toast(count("stock.same", Number(stock.onHand)));
      close();
    } else {
      adjust.mutate({ ...request, requestId: requests.id(request) });
    }
  };
  return (
    <Dialog title={say("stock.adjust_title", { Code: stock.productCode })} changed={draft.mask.length > 0} onClose={close}>
      <Form message={AdjustStockRequestSchema} error={adjust.error} pending={adjust.isPending} submit={say("stock.adjust")} onSubmit={save}>
        <Unanswered since={!adjust.isPending && requests.unanswered(request)} />
        <Choice<By> name="by" label={say("stock.by")} value={by as By} onChange={(chosen) => draft.set("by", chosen)}
          options={[{ value: "difference", label: say("stock.by.difference") }, { value: "count", label: say("stock.by.count") }]} />
        <QuantityField name="delta" label={by === "count" ? say("stock.counted") : say("stock.difference")} value={value === "" ? Number.NaN : Number(value)}
          onChange={(typed) => draft.set("value", Number.isNaN(typed) ? "" : String(typed))}
          help={say("stock.result", { Now: number(stock.onHand), Delta: `${delta > 0n ? "+" : ""}${number(delta)}`, After: number(stock.onHand + delta) })} />
        <Field name="reason" label={say("stock.reason")} value={reason} onChange={(typed) => draft.set("reason", typed)} />
      </Form>
    </Dialog>
  );
}
