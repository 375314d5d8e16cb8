import { useMutation } from "@connectrpc/connect-query";
import type { Category } from "@shopmesh/api/shopmesh/catalog/v1/category_pb";
import { CategoryService, CreateCategoryRequestSchema } from "@shopmesh/api/shopmesh/catalog/v1/category_service_pb";
import { Dialog } from "../../components/Dialog";
import { Choice, Field } from "../../components/Field";
import { Form } from "../../components/Form";
import { Overtaken } from "../../components/Overtaken";
import { Unanswered } from "../../components/Unanswered";
import { branches } from "../../components/useCategories";
import { useDone } from "../../components/useDone";
import { useDraft } from "../../form/useDraft";
import { useRequests } from "../../form/useRequests";
import { say } from "../../texts/say";
import { within } from "./within";

/** Makes a category, or changes one: its name, its text, and what it is in. */
export function CategoryDialog({ all, category, onClose }: { all: readonly Category[]; category?: Category; onClose(): void }) {
  const done = useDone();
  const requests = useRequests("CreateCategory");
  const draft = useDraft(`category:${category?.id ?? "new"}`, {
    name: category?.name ?? "", description: category?.description ?? "", parent_id: category?.parentId ?? "",
  }, category?.etag ?? "");
  const of = (path: string) => draft.typed[path] ?? "";
  const close = () => {
    draft.end();
    onClose();
  };
  const options = {
    onSuccess: () => {
      done(say("category.saved", { Name: of("name") }));
      close();
    },
  };
  const create = useMutation(CategoryService.method.createCategory, options);
  const update = useMutation(CategoryService.method.updateCategory, options);
  const move = category ? update : create;
  const typed = { name: of("name"), description: of("description"), parentId: of("parent_id") };
  const save = () => {
    if (!category) create.mutate({ category: typed, requestId: requests.id(typed) });
    else if (draft.mask.length === 0) close();
    else update.mutate({ category: { ...typed, id: category.id, etag: draft.etag }, updateMask: { paths: draft.mask } });
  };
  // A category can't be within itself.
  const parents = branches(all).filter(({ id }) => !category || !within(all, id, category.id));
  return (
    <Dialog title={category ? category.name : say("category.new")} changed={draft.mask.length > 0} onClose={close}>
      <Form message={CreateCategoryRequestSchema} error={move.error} prefix="category." pending={move.isPending} submit={say("action.save")} onSubmit={save}>
        <Unanswered since={!create.isPending && requests.unanswered(typed)} />
        <Overtaken draft={draft} names={{ name: say("product.name"), description: say("product.description"), parent_id: say("category.parent") }} />
        <Field name="name" label={say("product.name")} value={of("name")} onChange={(name) => draft.set("name", name)} focused />
        <Choice name="parent_id" label={say("category.parent")} value={of("parent_id")} onChange={(id) => draft.set("parent_id", id)}
          options={[{ value: "", label: say("category.top") }, ...parents.map(({ id, path }) => ({ value: id, label: path }))]} />
        <Field name="description" label={say("product.description")} value={of("description")} rows={4} onChange={(text) => draft.set("description", text)} />
      </Form>
    </Dialog>
  );
}
