import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import type { Refusal } from "@shopmesh/api/shopmesh/errors/v1/refusal_pb";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { useState } from "react";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { Form } from "../../components/Form";
import { EmptyState } from "../../components/States";
import { useRequestId } from "../../form/useRequestId";
import { explainReason } from "../../rpc/errors";
import { count, say } from "../../texts/say";
import { trackingCodes } from "./tracking";

// What became of an order: why it was refused, null when it was shipped, undefined while it was not tried.
type Outcome = Refusal | null | undefined;

// How many one call ships.
const CALL = 50;

/** Ships orders with a tracking code each, pasted as a column. What was refused is named, and can be tried again: what was shipped stays as it is. */
export function ShipMany({ orders, onClose }: { orders: readonly Order[]; onClose(): void }) {
  const requestId = useRequestId();
  const [carrier, setCarrier] = useState("");
  const [pasted, setPasted] = useState("");
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Outcome>>(new Map());
  const codes = trackingCodes(pasted, orders.map((order) => order.number));
  const left = orders.filter((order) => outcomes.get(order.id) !== null);
  const service = createClient(OrderService, useTransport());
  const shipSome = async (some: readonly Order[]) => {
    const requests = some.map((order) => {
      const request = { id: order.id, carrier, trackingCode: codes.get(order.number) ?? "", etag: order.etag };
      return { ...request, requestId: requestId(request) };
    });
    const answer = await service.batchShipOrders({ requests });
    setOutcomes((last) => new Map<string, Outcome>([...last, ...some.map((order, at) => {
      const outcome = answer.outcomes[at]?.outcome;
      return [order.id, outcome?.case === "refusal" ? outcome.value : null] as const;
    })]));
  };
  const batch = useMutation({
    mutationFn: async () => {
      for (let from = 0; from < left.length; from += CALL) await shipSome(left.slice(from, from + CALL));
    },
  });
  const failed = left.filter((order) => outcomes.get(order.id));
  const done = orders.length - left.length;
  if (orders.length === 0) {
    return (
      <Dialog title={say("orders.ship")} onClose={onClose}>
        <EmptyState text={say("ship.none")}><Button onPress={onClose}>{say("action.close")}</Button></EmptyState>
      </Dialog>
    );
  }
  return (
    <Dialog title={count("ship.title", orders.length)} onClose={onClose}>
      {outcomes.size > 0 && (
        <div className="notice" data-kind={failed.length > 0 ? "bad" : "good"} role="status">
          <p>{say("ship.outcome", { Done: done, All: orders.length })}</p>
          <ul className="problems">{failed.map((order) => <li key={order.id}><bdi>{order.number}</bdi>: {explainReason(outcomes.get(order.id)?.reason ?? "")}</li>)}</ul>
        </div>
      )}
      {left.length === 0 ? <div className="actions"><Button onPress={onClose}>{say("action.close")}</Button></div> : (
        <Form error={batch.error} pending={batch.isPending} submit={count("ship.submit", left.length)} onSubmit={() => batch.mutate()} onCancel={onClose}>
          <Field name="carrier" label={say("shipment.carrier")} value={carrier} onChange={setCarrier} max={100} focused />
          <Field name="tracking_codes" label={say("ship.codes")} help={say("ship.codes_help")} rows={6} value={pasted} onChange={setPasted} />
          <ol className="pairs">
            {orders.map((order) => <li key={order.id}><bdi>{order.number}</bdi> <bdi className="soft">{codes.get(order.number) ?? say("ship.no_code")}</bdi></li>)}
          </ol>
        </Form>
      )}
    </Dialog>
  );
}
