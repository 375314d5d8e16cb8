import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import { OrderService, ShipOrderRequestSchema } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { useRef, useState } from "react";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Check, Field } from "../../components/Field";
import { Form } from "../../components/Form";
import { stateName } from "../../components/OrderBadge";
import { Notice } from "../../components/Small";
import { EmptyState } from "../../components/States";
import { useDraft } from "../../form/useDraft";
import { useRequests } from "../../form/useRequests";
import { explainReason } from "../../rpc/errors";
import { count, say } from "../../texts/say";
import { OrderChanges } from "./OrderChanges";
import type { Calls, Note, Row, Shipment } from "./shipping";
import { draftOf, shipAll } from "./shipping";
import { trackingCodes } from "./tracking";

const fieldNames: Readonly<Record<string, string>> = { carrier: say("shipment.carrier"), tracking_code: say("shipment.code") };

/** Ships orders with a tracking code each, pasted as a column. What was refused is named, and can be tried again: what was shipped stays as it is. */
export function ShipMany({ shipment, onClose }: { shipment: Shipment; onClose(): void }) {
  const { others } = shipment;
  const [rows, setRows] = useState(shipment.rows);
  const draft = useDraft(draftOf(rows), { carrier: "", tracking_codes: "" }, "");
  const [shipRefunded, setShipRefunded] = useState(false);
  const ended = useRef(false);
  const calls = useCalls();
  const { carrier = "", tracking_codes: pasted = "" } = draft.typed;
  const codes = trackingCodes(pasted, rows.map(({ order }) => order.number));
  const note: Note = (id, change) => setRows((all) => all.map((row) => (row.order.id === id ? { ...row, ...change } : row)));
  const ship = useMutation({
    mutationFn: () => shipAll(rows, { carrier, codes, shipRefunded }, calls, note, () => ended.current),
    onMutate: () => {
      ended.current = false;
    },
  });
  const left = rows.filter((row) => !row.shipped);
  const refused = left.filter((row) => row.reason !== "");
  const close = () => {
    ended.current = true;
    draft.end();
    onClose();
  };
  if (rows.length === 0) {
    return (
      <Dialog title={say("orders.ship")} onClose={close}>
        <EmptyState text={say("ship.none")}><Button onPress={close}>{say("action.close")}</Button></EmptyState>
      </Dialog>
    );
  }
  return (
    <Dialog title={count("ship.title", rows.length)} changed={left.length > 0 && draft.mask.length > 0} onClose={close}>
      {others.length > 0 && (
        <Notice>
          <p>{count("ship.others", others.length)}</p>
          <ul className="problems">{others.map((order) => <li key={order.id}><bdi>{order.number}</bdi>: {stateName(order.state)}</li>)}</ul>
        </Notice>
      )}
      {(refused.length > 0 || left.length < rows.length) && (
        <div className="notice" data-kind={refused.length > 0 ? "bad" : "good"} role="status">
          <p>{say("ship.outcome", { Done: rows.length - left.length, All: rows.length })}</p>
          <ul className="problems">{refused.map((row) => <Refused key={row.order.id} row={row} />)}</ul>
          {ship.isPending && <Button kind="quiet" onPress={() => {
            ended.current = true;
          }}>{say("ship.stop")}</Button>}
        </div>
      )}
      {left.length === 0 ? <div className="actions"><Button onPress={close}>{say("action.close")}</Button></div> : (
        <Form message={ShipOrderRequestSchema} error={ship.error} pending={ship.isPending} submit={count("ship.submit", left.length)} onSubmit={() => ship.mutate()}>
          <Field name="carrier" label={say("shipment.carrier")} value={carrier} onChange={(typed) => draft.set("carrier", typed)} focused />
          <Field name="tracking_codes" label={say("ship.codes")} help={say("ship.codes_help")} rows={6} value={pasted} onChange={(typed) => draft.set("tracking_codes", typed)} />
          {rows.some((row) => row.refunded) && <Check name="ship_refunded" label={say("ship.refunded_many")} value={shipRefunded} onChange={setShipRefunded} />}
          <ol className="pairs">
            {rows.map(({ order }) => <li key={order.id}><bdi>{order.number}</bdi> <bdi className="soft">{codes.get(order.number) ?? say("ship.no_code")}</bdi></li>)}
          </ol>
        </Form>
      )}
    </Dialog>
  );
}

// Why an order was refused: which field is wrong, and what others changed.
function Refused({ row: { order, reason, violations, changes } }: { row: Row }) {
  return (
    <li>
      <bdi>{order.number}</bdi>: {explainReason(reason)}
      {violations.map(({ field, description }) => <p key={field}>{fieldNames[field] ?? field}: {description}</p>)}
      <OrderChanges changes={changes} />
    </li>
  );
}

function useCalls(): Calls {
  const service = createClient(OrderService, useTransport());
  const ids = useRequests("ShipOrder");
  return {
    ship: async (requests) => (await service.batchShipOrders({ requests: requests.map((request) => ({ ...request, requestId: ids.id(request) })) })).outcomes,
    get: async (id) => (await service.getOrder({ id })).order,
  };
}
