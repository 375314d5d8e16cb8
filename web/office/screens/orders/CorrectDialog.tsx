import { useMutation } from "@connectrpc/connect-query";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderService, UpdateOrderRequestSchema } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { AddressFields, addressNames } from "../../components/AddressFields";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { Form } from "../../components/Form";
import { Overtaken } from "../../components/Overtaken";
import { useDone } from "../../components/useDone";
import { useDraft } from "../../form/useDraft";
import { useRequests } from "../../form/useRequests";
import { regionName } from "../../texts/regions";
import { say } from "../../texts/say";
import { corrected, fieldsOf } from "./correction";

const contact: Readonly<Record<string, string>> = {
  "contact.first_name": say("contact.first_name"),
  "contact.last_name": say("contact.last_name"),
  "contact.email": say("contact.email"),
  "contact.phone": say("contact.phone"),
};
const address = "shipping_address.";
const names = { ...contact, ...Object.fromEntries(Object.entries(addressNames).map(([part, name]) => [address + part, name])) };

// The code of a country is written by its name.
function show(path: string, value: string): string {
  return path === `${address}region_code` ? regionName(value) : value;
}

/** Corrects whom an order is written to, and where it goes. What is typed is kept until it is saved or given up. */
export function CorrectDialog({ order, onClose }: { order: Order; onClose(): void }) {
  const done = useDone();
  const requests = useRequests("UpdateOrder");
  const draft = useDraft(`correct:${order.id}`, fieldsOf(order), order.etag);
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
    if (draft.mask.length === 0) close();
    else update.mutate({
      order: corrected(order.id, draft.etag, draft.typed), updateMask: { paths: draft.mask }, requestId: requests.id(order.id, draft.typed, draft.etag),
    });
  };
  return (
    <Dialog title={say("correct.title", { Number: order.number })} changed={draft.mask.length > 0} onClose={close}>
      <Form message={UpdateOrderRequestSchema} error={update.error} prefix="order." pending={update.isPending} submit={say("action.save")} onSubmit={save}>
        <Overtaken draft={draft} names={names} show={show} />
        <div className="pair">
          {Object.entries(contact).map(([path, name], at) => (
            <Field key={path} name={path} label={name} value={draft.typed[path] ?? ""} focused={at === 0} onChange={(value) => draft.set(path, value)}
              {...(path === "contact.email" && { type: "email" as const })} />
          ))}
          <AddressFields prefix={address} typed={draft.typed} set={draft.set} />
        </div>
      </Form>
    </Dialog>
  );
}
