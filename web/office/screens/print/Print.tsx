import { create } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useQueries } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderSchema } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import type { Refund } from "@shopmesh/api/shopmesh/payment/v1/payment_pb";
import { PaymentService } from "@shopmesh/api/shopmesh/payment/v1/payment_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { Button } from "../../components/Button";
import { ControlBar, Skeleton, TextBar } from "../../components/Skeleton";
import { Pending, Permitted } from "../../components/States";
import { positive } from "../../form/money";
import { useSession } from "../../session/browser";
import { say } from "../../texts/say";
import type { Sheet } from "./search";
import { PickList, Receipt, Slip } from "./sheets";

/** Sheets of paper about orders: a slip or a receipt for each, or one list to pick them all. */
export function Print(): ReactNode {
  return <Permitted permission={Permission.ORDERS_READ}><Sheets /></Permitted>;
}

const route = getRouteApi("/print");

function Sheets() {
  const { sheet, orders } = route.useSearch();
  const transport = useTransport();
  // The days of refunds are the payment's; a receipt of who may not read it has their sum alone.
  const refunded = useSession().may(Permission.PAYMENTS_READ) && sheet === "receipt";
  const read = useQueries({
    queries: orders.split(",").filter(Boolean).map((id) => ({ queryKey: ["print", id, refunded], queryFn: () => printed(transport, id, refunded) })),
  });
  const missing = read.find((query) => query.error) ?? read.find((query) => query.isPending);
  if (missing) return <Pending title={say(`print.${sheet}`)} error={missing.error} retry={() => void missing.refetch()}><Loading sheet={sheet} /></Pending>;
  const all = read.flatMap(({ data }) => data ?? []);
  return (
    <>
      <h1 className="hidden">{say(`print.${sheet}`)}</h1>
      <div className="actions"><Button onPress={() => window.print()}>{say("print.print")}</Button></div>
      {sheet === "pick" && <PickList orders={all.map(({ order }) => order)} />}
      {sheet === "slip" && all.map(({ order }) => <Slip key={order.id} order={order} />)}
      {sheet === "receipt" && all.map(({ order, refunds }) => <Receipt key={order.id} order={order} refunds={refunds} />)}
    </>
  );
}

function Loading({ sheet }: { sheet: Sheet }) {
  return (
    <>
      <h1 className="hidden">{say(`print.${sheet}`)}</h1>
      <Skeleton>
        <div className="actions"><ControlBar>{say("print.print")}</ControlBar></div>
        <p><TextBar /></p>
      </Skeleton>
    </>
  );
}

// As many refunds as one call answers with.
const MOST = 1000;

/** What a sheet is about: an order, and its refunds where they are wanted and there are any. */
async function printed(transport: Transport, id: string, refunded: boolean): Promise<{ order: Order; refunds: Refund[] | undefined }> {
  const { order = create(OrderSchema) } = await createClient(OrderService, transport).getOrder({ id });
  if (!refunded || !positive(order.refunded)) return { order, refunds: undefined };
  const { refunds } = await createClient(PaymentService, transport).listRefunds({ paymentId: order.paymentId, pageSize: MOST });
  return { order, refunds };
}
