import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderService, UpdateOrderRequestSchema } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { Form } from "../../components/Form";
import { Overtaken } from "../../components/Overtaken";
import { useDone } from "../../components/useDone";
import { useDraft } from "../../form/useDraft";
import { useRequests } from "../../form/useRequests";
import { say } from "../../texts/say";
import { corrected, fieldsOf } from "./correction";

const names: Record<string, string> = {
  "contact.first_name": say("contact.first_name"),
  "contact.last_name": say("contact.last_name"),
  "contact.email": say("contact.email"),
  "contact.phone": say("contact.phone"),
  "shipping_address.organization": say("address.organization"),
  "shipping_address.address_lines": say("address.lines"),
  "shipping_address.postal_code": say("address.postal_code"),
  "shipping_address.locality": say("address.locality"),
  "shipping_address.administrative_area": say("address.administrative_area"),
  "shipping_address.region_code": say("address.region_code"),
};
// Addresses are Google's message, which states no rules.
const required = ["shipping_address.address_lines", "shipping_address.region_code"];

/** Corrects whom an order is written to, and where it goes. What is typed is kept until it is saved or given up. */
export function CorrectDialog({ order, onClose }: { order: Order; onClose(): void }) {
  const done = useDone();
  const queries = useQueryClient();
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
    onError: () => queries.invalidateQueries(), // what others changed is shown beside what was typed
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
        <Overtaken draft={draft} names={names} />
        <div className="pair">
          {Object.keys(names).map((path, at) => (
            <Field key={path} name={path} label={names[path] ?? path} value={draft.typed[path] ?? ""} focused={at === 0}
              onChange={(value) => draft.set(path, value)} {...(required.includes(path) && { required: true })} {...(path.endsWith("address_lines") && { rows: 3 })}
              {...(path.endsWith("region_code") && { help: say("address.region_code_help"), max: 2 })} {...(path === "contact.email" && { type: "email" as const })} />
          ))}
        </div>
      </Form>
    </Dialog>
  );
}
