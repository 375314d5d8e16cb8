import { useMutation } from "@connectrpc/connect-query";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { CancelOrderRequestSchema, OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { useState } from "react";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { Form } from "../../components/Form";
import { useDone } from "../../components/useDone";
import { positive } from "../../form/money";
import { useDraft } from "../../form/useDraft";
import { useRequests } from "../../form/useRequests";
import { money } from "../../texts/format";
import { count, say } from "../../texts/say";
import { OvertakenOrder } from "./OrderChanges";

/** Cancels an order: what that gives back, and that it can't be taken back, stands above the button. */
export function CancelDialog({ order, onClose }: { order: Order; onClose(): void }) {
  const done = useDone();
  const requests = useRequests("CancelOrder");
  const draft = useDraft(`cancel:${order.id}`, { reason: "" }, "");
  const { reason = "" } = draft.typed;
  const [sent, setSent] = useState<Order>(); // as it was shown when it was sent
  const close = () => {
    draft.end();
    onClose();
  };
  const cancel = useMutation(OrderService.method.cancelOrder, {
    onMutate: () => setSent(order),
    onSuccess: () => {
      done(say("cancel.done", { Number: order.number }));
      close();
    },
  });
  const units = order.lines.reduce((sum, line) => sum + line.quantity, 0);
  const request = { id: order.id, reason, etag: order.etag };
  return (
    <Dialog title={say("cancel.title", { Number: order.number })} kind="alertdialog" changed={draft.mask.length > 0} onClose={close}>
      <p>{count("cancel.units", units)} {positive(order.balance) ? say("cancel.money", { Money: money(order.balance) }) : say("cancel.no_money")}</p>
      <Form message={CancelOrderRequestSchema} error={cancel.error} pending={cancel.isPending} submit={say("cancel.open")} kind="bad"
        onSubmit={() => cancel.mutate({ ...request, requestId: requests.id(request) })}>
        <OvertakenOrder error={cancel.error} sent={sent} now={order} />
        <Field name="reason" label={say("cancel.reason")} help={say("cancel.reason_help")} value={reason} onChange={(typed) => draft.set("reason", typed)} rows={2} focused />
      </Form>
    </Dialog>
  );
}
