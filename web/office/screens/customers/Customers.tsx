import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Customer } from "@shopmesh/api/shopmesh/customer/v1/customer_pb";
import { CustomerService } from "@shopmesh/api/shopmesh/customer/v1/customer_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { Button } from "../../components/Button";
import type { TableColumn } from "../../components/DataTable";
import { DataTable } from "../../components/DataTable";
import { FilterBar } from "../../components/FilterBar";
import { useHeld } from "../../components/held";
import { NewRows } from "../../components/NewRows";
import { RowBars, Skeleton } from "../../components/Skeleton";
import { ListSize, Pager } from "../../components/Small";
import { EmptyState, Failed, Permitted } from "../../components/States";
import { useAsksTotal, useTotal } from "../../components/useTotal";
import type { Narrowing } from "../../rpc/search";
import { setOnly } from "../../rpc/search";
import { day } from "../../texts/format";
import { say } from "../../texts/say";
import { GuestData } from "./GuestData";
import type { CustomerSearch } from "./search";
import { customerFilter } from "./search";

const columns: readonly TableColumn<Customer>[] = [
  {
    id: "name", name: say("contact.name"),
    cell: (customer) => <Link to="/customers/$id" params={{ id: customer.id }}><bdi>{customer.firstName} {customer.lastName}</bdi></Link>,
  },
  { id: "email", name: say("contact.email"), cell: (customer) => <bdi>{customer.email}</bdi> },
  { id: "since", name: say("customer.since"), cell: (customer) => day(customer.createTime) },
];

/** The list of customers. */
export function Customers(): ReactNode {
  return <Permitted permission={Permission.CUSTOMERS_READ}><List /></Permitted>;
}

const route = getRouteApi("/customers");

function List() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const filter = customerFilter(search);
  const list = useQuery(CustomerService.method.listCustomers, {
    filter, pageToken: search.page ?? "", includeTotalSize: useAsksTotal(search.page),
  }, { placeholderData: keepPreviousData });
  const held = useHeld(list, JSON.stringify(search), (answer) => answer.customers, (customer) => customer.id);
  const total = useTotal(filter, list);
  const narrow = (change: Narrowing<CustomerSearch>) => void navigate({ search: (last) => setOnly<CustomerSearch>({ ...last, page: undefined, ...change }) });
  const clear = () => narrow({ q: undefined });
  return (
    <section className="stack">
      <h1>{say("nav.customers")}</h1>
      <FilterBar label={say("customers.search")} query={search.q ?? ""} onSearch={(q) => narrow({ q: q || undefined })} onClear={search.q ? clear : undefined} />
      {list.error && <Failed error={list.error} retry={() => void list.refetch()} first={() => narrow({ page: undefined })} />}
      {list.isPending && <Skeleton><RowBars columns={columns} counted /></Skeleton>}
      {list.data && (
        <>
          <ListSize size={total} />
          <NewRows held={held} />
          <DataTable label={say("nav.customers")} columns={columns} rows={held.rows} keyOf={(customer) => customer.id}
            onOpen={(customer) => void navigate({ to: "/customers/$id", params: { id: customer.id } })}
            empty={<EmptyState text={search.q ? say("list.nothing") : say("customers.empty")}>
              {search.q && <Button kind="quiet" onPress={clear}>{say("filter.clear")}</Button>}
            </EmptyState>} />
          <Pager page={search.page} next={list.data.nextPageToken} go={(page) => narrow({ page })} />
        </>
      )}
      {/* how long the list will be is not known: what is below it comes with it */}
      <div hidden={list.isPending}><GuestData /></div>
    </section>
  );
}
