import { useMutation } from "@connectrpc/connect-query";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { useState } from "react";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { Form } from "../../components/Form";
import { useDone } from "../../components/useDone";
import { positive } from "../../form/money";
import { useRequestId } from "../../form/useRequestId";
import { money } from "../../texts/format";
import { count, say } from "../../texts/say";

/** Cancels an order: what that gives back, and that it can't be taken back, stands above the button. */
export function CancelDialog({ order, onClose }: { order: Order; onClose(): void }) {
  const done = useDone();
  const requestId = useRequestId();
  const [reason, setReason] = useState("");
  const cancel = useMutation(OrderService.method.cancelOrder, {
    onSuccess: () => {
      done(say("cancel.done", { Number: order.number }));
      onClose();
    },
  });
  const units = order.lines.reduce((sum, line) => sum + line.quantity, 0);
  const request = { id: order.id, reason, etag: order.etag };
  return (
    <Dialog title={say("cancel.title", { Number: order.number })} kind="alertdialog" onClose={onClose}>
      <p>{count("cancel.units", units)} {positive(order.balance) ? say("cancel.money", { Money: money(order.balance) }) : say("cancel.no_money")}</p>
      <Form error={cancel.error} pending={cancel.isPending} submit={say("cancel.open")} kind="bad" onCancel={onClose}
        onSubmit={() => cancel.mutate({ ...request, requestId: requestId(request) })}>
        <Field name="reason" label={say("cancel.reason")} help={say("cancel.reason_help")} value={reason} onChange={setReason} rows={2} max={500} focused />
      </Form>
    </Dialog>
  );
}
