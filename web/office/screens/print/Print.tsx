import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useQueries } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { Button } from "../../components/Button";
import { Pending, Permitted } from "../../components/States";
import { say } from "../../texts/say";
import { PickList, Slip } from "./sheets";

/** Sheets of paper about orders: a slip or a receipt for each, or one list to pick them all. */
export function Print(): ReactNode {
  return <Permitted permission={Permission.ORDERS_READ}><Sheets /></Permitted>;
}

const route = getRouteApi("/print");

function Sheets() {
  const { sheet, orders } = route.useSearch();
  const service = createClient(OrderService, useTransport());
  const read = useQueries({
    queries: orders.split(",").filter(Boolean).map((id) => ({ queryKey: ["print", id], queryFn: () => service.getOrder({ id }) })),
  });
  const missing = read.find((query) => query.error) ?? read.find((query) => query.isPending);
  if (missing) return <Pending title={say(`print.${sheet}`)} error={missing.error} retry={() => void missing.refetch()} />;
  const all = read.map((query) => query.data?.order).filter((order): order is Order => order !== undefined);
  return (
    <>
      <h1 className="hidden">{say(`print.${sheet}`)}</h1>
      <div className="actions"><Button onPress={() => window.print()}>{say("print.print")}</Button></div>
      {sheet === "pick" ? <PickList orders={all} /> : all.map((order) => <Slip key={order.id} order={order} priced={sheet === "receipt"} />)}
    </>
  );
}
