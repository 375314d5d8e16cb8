import { useMutation, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { Contradiction } from "@shopmesh/api/shopmesh/payment/v1/contradiction_pb";
import { PaymentService, ResolveContradictionRequestSchema } from "@shopmesh/api/shopmesh/payment/v1/payment_service_pb";
import type { ReactNode } from "react";
import { useState } from "react";
import type { TableColumn } from "../../components/DataTable";
import { DataTable } from "../../components/DataTable";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { Form } from "../../components/Form";
import { useHeld } from "../../components/held";
import { NewRows } from "../../components/NewRows";
import { Said } from "../../components/Said";
import { RowBars, Skeleton } from "../../components/Skeleton";
import { Pager } from "../../components/Small";
import { EmptyState, Failed, Permitted } from "../../components/States";
import { useDone } from "../../components/useDone";
import { useDraft } from "../../form/useDraft";
import { setOnly } from "../../rpc/search";
import { useSession } from "../../session/browser";
import { time } from "../../texts/format";
import { say, texts } from "../../texts/say";

const columns: readonly TableColumn<Contradiction>[] = [
  { id: "time", name: say("movement.time"), cell: (one) => time(one.createTime) },
  { id: "event", name: say("contradiction.event"), cell: (one) => <>{texts.code("contradiction.event", one.eventType)} <code>{one.eventType}</code></> },
  { id: "cause", name: say("contradiction.cause"), cell: (one) => <Said text={one.cause} lang="en" /> },
];

/** What the payment provider reported and the books contradict, until somebody looked into it. */
export function Contradictions(): ReactNode {
  return <Permitted permission={Permission.PAYMENTS_READ}><List /></Permitted>;
}

const route = getRouteApi("/contradictions");

function List() {
  const { page } = route.useSearch();
  const navigate = route.useNavigate();
  const mayResolve = useSession().may(Permission.PAYMENTS_REFUND);
  const [open, setOpen] = useState<Contradiction>();
  const go = (next: string | undefined) => void navigate({ search: setOnly<{ page?: string }>({ page: next }) });
  const list = useQuery(PaymentService.method.listContradictions, { filter: "resolved = false", pageToken: page ?? "" }, { placeholderData: keepPreviousData });
  const held = useHeld(list, page ?? "", (answer) => answer.contradictions, (one) => one.id);
  return (
    <section className="stack">
      <h1>{say("nav.contradictions")}</h1>
      <p className="soft">{say("contradiction.text")}</p>
      {list.error && <Failed error={list.error} retry={() => void list.refetch()} first={() => go(undefined)} />}
      {list.isPending && <Skeleton><RowBars columns={columns} rows={6} /></Skeleton>}
      {list.data && (
        <>
          <NewRows held={held} />
          <DataTable label={say("nav.contradictions")} columns={columns} rows={held.rows} keyOf={(one) => one.id}
            {...(mayResolve && { onOpen: setOpen })} empty={<EmptyState text={say("contradiction.empty")} />} />
          <Pager page={page} next={list.data.nextPageToken} go={go} />
        </>
      )}
      {open && <Resolve contradiction={open} onClose={() => setOpen(undefined)} />}
    </section>
  );
}

function Resolve({ contradiction, onClose }: { contradiction: Contradiction; onClose(): void }) {
  const done = useDone();
  const draft = useDraft(`contradiction:${contradiction.id}`, { note: "" }, "");
  const { note = "" } = draft.typed;
  const close = () => {
    draft.end();
    onClose();
  };
  const resolve = useMutation(PaymentService.method.resolveContradiction, {
    onSuccess: () => {
      done(say("contradiction.resolved"));
      close();
    },
  });
  return (
    <Dialog title={say("contradiction.resolve")} changed={draft.mask.length > 0} onClose={close}>
      <p><Said text={contradiction.cause} lang="en" /></p>
      <Form message={ResolveContradictionRequestSchema} error={resolve.error} pending={resolve.isPending} submit={say("contradiction.resolve")} onSubmit={() => resolve.mutate({ id: contradiction.id, note })}>
        <Field name="note" label={say("contradiction.note")} value={note} onChange={(typed) => draft.set("note", typed)} rows={3} focused />
      </Form>
    </Dialog>
  );
}
