import { useMutation, useQuery } from "@connectrpc/connect-query";
import { skipToken } from "@tanstack/react-query";
import { CustomerService } from "@shopmesh/api/shopmesh/customer/v1/customer_service_pb";
import { NotificationService } from "@shopmesh/api/shopmesh/notification/v1/notification_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { useState } from "react";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Check } from "../../components/Field";
import { Form } from "../../components/Form";
import { useDone } from "../../components/useDone";
import { refusalOf } from "../../rpc/errors";
import { quoted } from "../../rpc/filter";
import { useSession } from "../../session/browser";
import { count, say } from "../../texts/say";
import type { Who } from "./Export";

/** Erases somebody's data. The dialog says what goes and what stays, and how much that is. */
export function Erase({ who, name, email }: { who: Who; name: string; email: string }) {
  const [open, setOpen] = useState(false);
  if (!useSession().may(Permission.CUSTOMERS_WRITE)) return null;
  return (
    <>
      <Button kind="bad" onPress={() => setOpen(true)}>{say("erase.open")}</Button>
      {open && <EraseDialog who={who} name={name} email={email} onClose={() => setOpen(false)} />}
    </>
  );
}

function EraseDialog({ who, name, email, onClose }: { who: Who; name: string; email: string; onClose(): void }) {
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
      <Numbers who={who} email={email} />
      <Form error={erase.error} pending={erase.isPending} submit={say("erase.open")} kind="bad" onSubmit={() => erase.mutate({ ...who, evenOpenOrders })}>
        {numbers && <p>{say("erase.orders", { Numbers: numbers })}</p>}
        {(refusal?.reason === "CUSTOMER_HAS_OPEN_ORDERS" || evenOpenOrders) && (
          <Check name="even_open_orders" label={say("erase.even")} value={evenOpenOrders} onChange={setEvenOpenOrders} />
        )}
      </Form>
    </Dialog>
  );
}

// How many orders and mails that is, as far as one may read them.
function Numbers({ who, email }: { who: Who; email: string }) {
  const session = useSession();
  const orders = useQuery(OrderService.method.listOrders, session.may(Permission.ORDERS_READ) ? {
    filter: "id" in who ? `customer_id = ${quoted(who.id)}` : `email = ${quoted(who.email)}`, pageSize: 1, includeTotalSize: true,
  } : skipToken);
  const mails = useQuery(NotificationService.method.listNotifications, session.may(Permission.NOTIFICATIONS_READ) ? {
    filter: `recipient = ${quoted(email)}`, pageSize: 1, includeTotalSize: true,
  } : skipToken);
  return <p>{orders.data && count("erase.order_count", orders.data.totalSize ?? 0)} {mails.data && count("erase.mail_count", mails.data.totalSize ?? 0)}</p>;
}
