import { create } from "@bufbuild/protobuf";
import { useMutation } from "@connectrpc/connect-query";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderSchema } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderService, UpdateOrderRequestSchema } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { Form } from "../../components/Form";
import { useDone } from "../../components/useDone";
import { useDraft } from "../../form/useDraft";
import { useRequests } from "../../form/useRequests";
import { say } from "../../texts/say";
import { Overtaken } from "../../components/Overtaken";

/** Corrects who carries an order that was sent, and under which code. */
export function TrackingDialog({ order, onClose }: { order: Order; onClose(): void }) {
  const done = useDone();
  const requests = useRequests("UpdateOrder");
  const draft = useDraft(`tracking:${order.id}`, {
    "shipment.carrier": order.shipment?.carrier ?? "", "shipment.tracking_code": order.shipment?.trackingCode ?? "",
  }, order.etag);
  const close = () => {
    draft.end();
    onClose();
  };
  const update = useMutation(OrderService.method.updateOrder, {
    onSuccess: () => {
      done(say("correct.done", { Number: order.number }));
      close();
    },
  });
  const save = () => {
    const shipment = { carrier: draft.typed["shipment.carrier"] ?? "", trackingCode: draft.typed["shipment.tracking_code"] ?? "" };
    const request = { order: create(OrderSchema, { id: order.id, etag: draft.etag, shipment }), updateMask: { paths: draft.mask } };
    if (draft.mask.length === 0) close();
    else update.mutate({ ...request, requestId: requests.id(order.id, draft.typed, draft.etag) });
  };
  return (
    <Dialog title={say("tracking.title", { Number: order.number })} changed={draft.mask.length > 0} onClose={close}>
      <Form message={UpdateOrderRequestSchema} error={update.error} prefix="order." pending={update.isPending} submit={say("action.save")} onSubmit={save}>
        <Overtaken draft={draft} names={{ "shipment.carrier": say("shipment.carrier"), "shipment.tracking_code": say("shipment.code") }} />
        <Field name="shipment.carrier" label={say("shipment.carrier")} value={draft.typed["shipment.carrier"] ?? ""} focused
          onChange={(value) => draft.set("shipment.carrier", value)} />
        <Field name="shipment.tracking_code" label={say("shipment.code")} value={draft.typed["shipment.tracking_code"] ?? ""}
          onChange={(value) => draft.set("shipment.tracking_code", value)} />
      </Form>
    </Dialog>
  );
}
