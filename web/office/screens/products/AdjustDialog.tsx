import { useMutation } from "@connectrpc/connect-query";
import { InventoryService } from "@shopmesh/api/shopmesh/inventory/v1/inventory_service_pb";
import type { Stock } from "@shopmesh/api/shopmesh/inventory/v1/stock_pb";
import { useState } from "react";
import { Dialog } from "../../components/Dialog";
import { Choice, Field, QuantityField } from "../../components/Field";
import { Form } from "../../components/Form";
import { useDone } from "../../components/useDone";
import { useRequestId } from "../../form/useRequestId";
import { number } from "../../texts/format";
import { say } from "../../texts/say";

type By = "difference" | "count";

/** Changes what is on hand, by a difference or by what was counted. It goes as a difference to what was seen, so that a sale meanwhile is not undone. */
export function AdjustDialog({ stock, onClose }: { stock: Stock; onClose(): void }) {
  const done = useDone();
  const requestId = useRequestId();
  const [seen] = useState(stock.onHand);
  const [by, setBy] = useState<By>("difference");
  const [value, setValue] = useState(Number.NaN);
  const [reason, setReason] = useState("");
  const delta = Number.isNaN(value) ? 0n : by === "count" ? BigInt(value) - seen : BigInt(value);
  const adjust = useMutation(InventoryService.method.adjustStock, {
    onSuccess: () => {
      done(say("stock.adjusted", { Code: stock.productCode }));
      onClose();
    },
  });
  const request = { productCode: stock.productCode, delta, reason };
  return (
    <Dialog title={say("stock.adjust_title", { Code: stock.productCode })} onClose={onClose}>
      <Form error={adjust.error} pending={adjust.isPending} submit={say("stock.adjust")} onCancel={onClose}
        onSubmit={() => adjust.mutate({ ...request, requestId: requestId(request) })}>
        <Choice<By> name="by" label={say("stock.by")} value={by} onChange={setBy}
          options={[{ value: "difference", label: say("stock.by.difference") }, { value: "count", label: say("stock.by.count") }]} />
        <QuantityField name="delta" label={by === "count" ? say("stock.counted") : say("stock.difference")} value={value} onChange={setValue}
          help={say("stock.result", { Now: number(stock.onHand), Delta: `${delta > 0n ? "+" : ""}${number(delta)}`, After: number(stock.onHand + delta) })} />
        <Field name="reason" label={say("stock.reason")} value={reason} onChange={setReason} max={500} />
      </Form>
    </Dialog>
  );
}
