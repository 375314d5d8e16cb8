import { useMutation } from "@connectrpc/connect-query";
import { useNavigate } from "@tanstack/react-router";
import type { Product } from "@shopmesh/api/shopmesh/catalog/v1/product_pb";
import { ProductStatus } from "@shopmesh/api/shopmesh/catalog/v1/product_pb";
import { CreateProductRequestSchema, ProductService, UpdateProductRequestSchema } from "@shopmesh/api/shopmesh/catalog/v1/product_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { Choice, Field, MoneyField } from "../../components/Field";
import { Form } from "../../components/Form";
import { Overtaken } from "../../components/Overtaken";
import { useToast } from "../../components/Toast";
import { Unanswered } from "../../components/Unanswered";
import { useDone } from "../../components/useDone";
import { useCategories } from "../../components/useCategories";
import type { Draft } from "../../form/useDraft";
import { useDraft } from "../../form/useDraft";
import { useRequests } from "../../form/useRequests";
import { shop } from "../../rpc/shop";
import { useSession } from "../../session/browser";
import { say } from "../../texts/say";
import { Attributes } from "./Attributes";
import { attributesOf, emptyFields, fieldsOf, maskOf, productOf } from "./editing";
import { statusName } from "./ProductBadge";

const names: Record<string, string> = {
  name: say("product.name"),
  description: say("product.description"),
  category_id: say("product.category"),
  price: say("product.price"),
  status: say("product.status"),
  attributes: say("product.attributes"),
  images: say("product.images"),
};

/** Makes a product. */
export function NewProduct() {
  const done = useDone();
  const navigate = useNavigate();
  const requests = useRequests("CreateProduct");
  const draft = useDraft("product:new", emptyFields(shop().currency), "");
  const create = useMutation(ProductService.method.createProduct, {
    onSuccess: ({ product }) => {
      draft.end();
      done(say("product.made", { Name: product?.name ?? "" }));
      if (product) void navigate({ to: "/products/$id", params: { id: product.id } });
    },
  });
  return (
    <Form message={CreateProductRequestSchema} error={create.error} prefix="product." pending={create.isPending} submit={say("product.make")}
      onSubmit={() => create.mutate({ product: productOf(draft.typed), requestId: requests.id(draft.typed) })}>
      <Unanswered since={!create.isPending && requests.unanswered(draft.typed)} />
      <Field name="code" label={say("product.code")} help={say("product.code_help")} value={draft.typed.code ?? ""}
        onChange={(code) => draft.set("code", code)} focused />
      <Parts draft={draft} statuses={[ProductStatus.DRAFT, ProductStatus.ACTIVE]} />
    </Form>
  );
}

/** Changes a product. What is typed is kept until it is saved. */
export function ChangeProduct({ product }: { product: Product }) {
  const done = useDone();
  const toast = useToast();
  const mayWrite = useSession().may(Permission.CATALOG_WRITE);
  const draft = useDraft(`product:${product.id}`, fieldsOf(product), product.etag);
  const update = useMutation(ProductService.method.updateProduct, {
    onMutate: () => draft.typed,
    onSuccess: ({ product: now = product }, _, sent) => {
      draft.saved(sent, fieldsOf(now), now.etag);
      done(say("product.saved", { Name: now.name }));
    },
  });
  if (!mayWrite) return <p className="description">{product.description}</p>;
  const dirty = draft.mask.length > 0;
  const save = () => {
    if (!dirty) toast(say("form.unchanged"));
    else update.mutate({ product: { ...productOf(draft.typed), id: product.id, etag: draft.etag }, updateMask: { paths: maskOf(draft.mask) } });
  };
  return (
    <Form message={UpdateProductRequestSchema} error={update.error} prefix="product." pending={update.isPending} submit={say("action.save")} onSubmit={save} {...(dirty && { onCancel: draft.end })}>
      <Overtaken draft={draft} names={names} show={shown} />
      <Parts draft={draft} statuses={product.status === ProductStatus.ARCHIVED ? [] : [ProductStatus.DRAFT, ProductStatus.ACTIVE]} />
    </Form>
  );
}

// Writes a field's value for people: attributes one after the other.
function shown(path: string, value: string): string {
  return path === "attributes" ? attributesOf(value).map(([name, text]) => `${name}: ${text}`).join("; ") : value;
}

function Parts({ draft, statuses }: { draft: Draft; statuses: readonly ProductStatus[] }) {
  const { branches } = useCategories();
  const of = (path: string) => draft.typed[path] ?? "";
  return (
    <>
      <Field name="name" label={say("product.name")} value={of("name")} onChange={(name) => draft.set("name", name)} />
      <Field name="description" label={say("product.description")} value={of("description")} rows={6} onChange={(text) => draft.set("description", text)} />
      <div className="pair">
        <Choice name="category_id" label={say("product.category")} value={of("category_id")} onChange={(id) => draft.set("category_id", id)}
          options={[{ value: "", label: say("product.choose") }, ...branches.map(({ id, path }) => ({ value: id, label: path }))]} />
        <MoneyField name="price" label={say("product.price")} currency={of("price.currency")} value={of("price") === "" ? Number.NaN : Number(of("price"))}
          onChange={(price) => draft.set("price", Number.isNaN(price) ? "" : String(price))} />
        {statuses.length > 0 && (
          <Choice name="status" label={say("product.status")} value={of("status")} onChange={(status) => draft.set("status", status)}
            options={statuses.map((status) => ({ value: ProductStatus[status], label: statusName(status) }))} />
        )}
      </div>
      <Attributes text={of("attributes")} onChange={(text) => draft.set("attributes", text)} />
      <Field name="images" label={say("product.images")} help={say("product.images_help")} value={of("images")} rows={3} onChange={(text) => draft.set("images", text)} />
    </>
  );
}
