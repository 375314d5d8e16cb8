import { useQuery } from "@connectrpc/connect-query";
import { OrderService } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { BarChart } from "../../components/BarChart";
import { Skeleton, TextBar } from "../../components/Skeleton";
import { Price } from "../../components/Small";
import { EmptyState, Failed } from "../../components/States";
import { toNumber } from "../../form/money";
import { dayName, money, number } from "../../texts/format";
import { count, say } from "../../texts/say";
import type { Sales } from "./sales";
import { salesOf } from "./sales";

// How often it is read again, in milliseconds.
const LOOK = 300_000;

/** What was sold in the last thirty days of the shop, by day and currency. */
export function SalesPart() {
  const { data, error, isPending, refetch } = useQuery(OrderService.method.summarizeOrders, {}, { refetchInterval: LOOK });
  return (
    <section className="stack">
      <h2>{say("sales.title")}</h2>
      {isPending && <Skeleton><p><TextBar /></p><svg className="bar-chart" /><p><TextBar /></p></Skeleton>}
      {error && <Failed error={error} retry={() => void refetch()} />}
      {data?.sums.length === 0 && <EmptyState text={say("sales.empty")} />}
      {data && salesOf(data).map((sales) => <OneCurrency key={sales.currency} sales={sales} />)}
    </section>
  );
}

function OneCurrency({ sales }: { sales: Sales }) {
  return (
    <div className="stack">
      <p><Price amount={sales.revenue} /> {count("sales.orders", Number(sales.orders))}</p>
      <BarChart label={say("sales.chart", { Currency: sales.currency })}
        bars={sales.days.map((day) => ({ name: dayName(day.date), value: toNumber(day.revenue), text: money(day.revenue) }))} />
      <details>
        <summary>{say("sales.table")}</summary>
        <table className="order-lines">
          <thead><tr><th scope="col">{say("sales.day")}</th><th scope="col">{say("nav.orders")}</th><th scope="col">{say("sales.revenue")}</th></tr></thead>
          <tbody>
            {sales.days.toReversed().map((day) => (
              <tr key={day.date}><th scope="row">{dayName(day.date)}</th><td>{number(day.orders)}</td><td><Price amount={day.revenue} /></td></tr>
            ))}
          </tbody>
        </table>
      </details>
    </div>
  );
}
