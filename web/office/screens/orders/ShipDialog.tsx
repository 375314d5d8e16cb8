import { useMutation } from "@connectrpc/connect-query";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderService, ShipOrderRequestSchema } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { useState } from "react";
import { PostalLines } from "../../components/PostalLines";
import { Dialog } from "../../components/Dialog";
import { Check, Field } from "../../components/Field";
import { Form } from "../../components/Form";
import { useDone } from "../../components/useDone";
import { useDraft } from "../../form/useDraft";
import { useRequests } from "../../form/useRequests";
import { refusalOf } from "../../rpc/errors";
import { say } from "../../texts/say";
import { OvertakenOrder } from "./OrderChanges";

/** Records that an order was sent. Its customer is mailed that. */
export function ShipDialog({ order, onClose }: { order: Order; onClose(): void }) {
  const done = useDone();
  const requests = useRequests("ShipOrder");
  const draft = useDraft(`ship:${order.id}`, { carrier: "", tracking_code: "" }, "");
  const { carrier = "", tracking_code: trackingCode = "" } = draft.typed;
  const close = () => {
    draft.end();
    onClose();
  };
  const [shipRefunded, setShipRefunded] = useState(false);
  const [sent, setSent] = useState<Order>(); // as it was shown when it was sent
  const ship = useMutation(OrderService.method.shipOrder, {
    onMutate: () => setSent(order),
    onSuccess: () => {
      done(say("ship.done", { Number: order.number }));
      close();
    },
  });
  const refunded = ship.error !== null && refusalOf(ship.error).reason === "ORDER_REFUNDED";
  const request = { id: order.id, carrier, trackingCode, etag: order.etag, shipRefunded };
  return (
    <Dialog title={say("ship.one", { Number: order.number })} changed={draft.mask.length > 0} onClose={close}>
      <PostalLines address={order.shippingAddress} />
      <Form message={ShipOrderRequestSchema} error={ship.error} pending={ship.isPending} submit={say("ship.open")}
        onSubmit={() => ship.mutate({ ...request, requestId: requests.id(request) })}>
        <OvertakenOrder error={ship.error} sent={sent} now={order} />
        <Field name="carrier" label={say("shipment.carrier")} value={carrier} onChange={(typed) => draft.set("carrier", typed)} focused />
        <Field name="tracking_code" label={say("shipment.code")} value={trackingCode} onChange={(typed) => draft.set("tracking_code", typed)} />
        {(refunded || shipRefunded) && <Check name="ship_refunded" label={say("ship.refunded")} value={shipRefunded} onChange={setShipRefunded} />}
      </Form>
    </Dialog>
  );
}
