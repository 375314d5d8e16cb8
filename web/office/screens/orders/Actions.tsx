import { useMutation } from "@connectrpc/connect-query";
import { lazyRouteComponent, Link } from "@tanstack/react-router";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderState } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { Suspense, useState } from "react";
import { Button } from "../../components/Button";
import { Failed } from "../../components/States";
import { useDone } from "../../components/useDone";
import { fileOf } from "../../form/leaving";
import { useRequests } from "../../form/useRequests";
import { useSession } from "../../session/browser";
import { say } from "../../texts/say";
import { CancelDialog } from "./CancelDialog";
import { ShipDialog } from "./ShipDialog";
import { TrackingDialog } from "./TrackingDialog";

// Loaded when it is first opened, as a screen is: what a country is chosen by is larger than all the other dialogs.
const CorrectDialog = lazyRouteComponent(() => fileOf(import("./CorrectDialog")), "CorrectDialog");

type Open = "ship" | "cancel" | "correct" | "tracking";

const before = [OrderState.PLACED, OrderState.AWAITING_PAYMENT, OrderState.CONFIRMED];

/** What an order's state allows, and what is printed about it. */
export function Actions({ order }: { order: Order }) {
  const writes = useSession().may(Permission.ORDERS_WRITE);
  return (
    <div className="actions">
      {writes && <Changes order={order} />}
      <Link className="button" data-kind="quiet" to="/print" search={{ sheet: "slip", orders: order.id }}>{say("print.slip")}</Link>
      <Link className="button" data-kind="quiet" to="/print" search={{ sheet: "pick", orders: order.id }}>{say("print.pick")}</Link>
      <Link className="button" data-kind="quiet" to="/print" search={{ sheet: "receipt", orders: order.id }}>{say("print.receipt")}</Link>
    </div>
  );
}

function Changes({ order }: { order: Order }) {
  const [open, setOpen] = useState<Open>();
  const done = useDone();
  const requests = useRequests("MarkOrderDelivered");
  const deliver = useMutation(OrderService.method.markOrderDelivered, { onSuccess: () => done(say("deliver.done", { Number: order.number })) });
  const request = { id: order.id, etag: order.etag };
  const close = () => setOpen(undefined);
  const notShipped = before.includes(order.state);
  return (
    <>
      {order.state === OrderState.CONFIRMED && <Button onPress={() => setOpen("ship")}>{say("ship.open")}</Button>}
      {order.state === OrderState.SHIPPED && (
        <>
          <Button pending={deliver.isPending} onPress={() => deliver.mutate({ ...request, requestId: requests.id(request) })}>{say("deliver.open")}</Button>
          <Button kind="quiet" onPress={() => setOpen("tracking")}>{say("tracking.open")}</Button>
        </>
      )}
      {notShipped && <Button kind="quiet" onPress={() => setOpen("correct")}>{say("correct.open")}</Button>}
      {notShipped && <Button kind="bad" onPress={() => setOpen("cancel")}>{say("cancel.open")}</Button>}
      {deliver.error && <Failed error={deliver.error} retry={() => deliver.mutate({ ...request, requestId: requests.id(request) })} />}
      {open === "ship" && <ShipDialog order={order} onClose={close} />}
      {open === "cancel" && <CancelDialog order={order} onClose={close} />}
      {open === "correct" && <Suspense><CorrectDialog order={order} onClose={close} /></Suspense>}
      {open === "tracking" && <TrackingDialog order={order} onClose={close} />}
    </>
  );
}
