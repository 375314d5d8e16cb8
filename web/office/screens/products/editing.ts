// A product as the editor has it, all text, and as the contract takes it.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Product, ProductSchema } from "@shopmesh/api/shopmesh/catalog/v1/product_pb";
import { ProductStatus } from "@shopmesh/api/shopmesh/catalog/v1/product_pb";
import type { Fields } from "../../form/draft";
import { fromNumber, toNumber } from "../../form/money";

/** The fields of a product that is not there yet. */
export function emptyFields(currency: string): Fields {
  return { code: "", name: "", description: "", category_id: "", price: "", "price.currency": currency, status: "DRAFT", attributes: "", images: "" };
}

/** Reads the fields of a product that can be changed. */
export function fieldsOf(product: Product): Fields {
  return {
    code: product.code,
    name: product.name,
    description: product.description,
    category_id: product.categoryId,
    price: product.price ? String(toNumber(product.price)) : "",
    "price.currency": product.price?.currencyCode ?? "",
    status: ProductStatus[product.status],
    attributes: textOfAttributes(Object.entries(product.attributes).sort(([a], [b]) => (a < b ? -1 : 1))),
    images: product.images.map(({ url, altText }) => `${url} ${altText.replace(/\s+/g, " ")}`.trim()).join("\n"),
  };
}

/** The product that the contract takes: which of it counts is in the mask. */
export function productOf(fields: Fields): MessageInitShape<typeof ProductSchema> {
  const of = (path: string) => fields[path] ?? "";
  const status = Object.entries(ProductStatus).find(([name]) => name === of("status"))?.[1];
  return {
    code: of("code"),
    name: of("name"),
    description: of("description"),
    categoryId: of("category_id"),
    ...(of("price") !== "" && { price: fromNumber(Number(of("price")), of("price.currency")) }),
    ...(typeof status === "number" && { status }),
    attributes: Object.fromEntries(attributesOf(of("attributes")).filter(([name, value]) => name !== "" || value !== "")),
    images: linesOf(of("images")).map((line) => {
      const [url = "", ...words] = line.split(" ");
      return { url, altText: words.join(" ").trim() };
    }),
  };
}

/** An attribute: its name and its value. */
export type Attribute = readonly [string, string];

/** Writes attributes as one text, which holds every character of them, as forms are sent: "size=38&colour=red". */
export function textOfAttributes(attributes: readonly Attribute[]): string {
  return new URLSearchParams(attributes.map(([name, value]) => [name, value])).toString();
}

/** Reads attributes. */
export function attributesOf(text: string): Attribute[] {
  return [...new URLSearchParams(text)];
}

/** A name that is there more than once: the contract has one value for it. */
export function repeatedName(attributes: readonly Attribute[]): string | undefined {
  const names = attributes.map(([name]) => name);
  return names.find((name, at) => name !== "" && names.indexOf(name) < at);
}

/** The paths of the update mask for those of the form: amount and currency are one value. */
export function maskOf(changed: readonly string[]): string[] {
  return [...new Set(changed.map((path) => (path.startsWith("price") ? "price" : path)))];
}

function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}
