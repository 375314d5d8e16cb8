import { useMutation } from "@connectrpc/connect-query";
import { CustomerService } from "@shopmesh/api/shopmesh/customer/v1/customer_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { useState } from "react";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Check } from "../../components/Field";
import { Form } from "../../components/Form";
import { useDone } from "../../components/useDone";
import { refusalOf } from "../../rpc/errors";
import { useSession } from "../../session/browser";
import { say } from "../../texts/say";
import type { Who } from "./Export";

/** Erases somebody's data. The dialog says what goes and what stays. */
export function Erase({ who, name }: { who: Who; name: string }) {
  const [open, setOpen] = useState(false);
  if (!useSession().may(Permission.CUSTOMERS_WRITE)) return null;
  return (
    <>
      <Button kind="bad" onPress={() => setOpen(true)}>{say("erase.open")}</Button>
      {open && <EraseDialog who={who} name={name} onClose={() => setOpen(false)} />}
    </>
  );
}

function EraseDialog({ who, name, onClose }: { who: Who; name: string; onClose(): void }) {
  const done = useDone();
  const [evenOpenOrders, setEvenOpenOrders] = useState(false);
  const erase = useMutation(CustomerService.method.eraseCustomer, {
    onSuccess: () => {
      done(say("erase.done", { Name: name }));
      onClose();
    },
  });
  const refusal = erase.error && refusalOf(erase.error);
  const numbers = refusal?.metadata.order_numbers;
  return (
    <Dialog title={say("erase.title", { Name: name })} kind="alertdialog" onClose={onClose}>
      <p>{say("erase.goes")}</p>
      <p>{say("erase.stays")}</p>
      <Form error={erase.error} pending={erase.isPending} submit={say("erase.open")} kind="bad" onSubmit={() => erase.mutate({ ...who, evenOpenOrders })}>
        {numbers && <p>{say("erase.orders", { Numbers: numbers })}</p>}
        {(refusal?.reason === "CUSTOMER_HAS_OPEN_ORDERS" || evenOpenOrders) && (
          <Check name="even_open_orders" label={say("erase.even")} value={evenOpenOrders} onChange={setEvenOpenOrders} />
        )}
      </Form>
    </Dialog>
  );
}
