// The contact and the address of an order, as the form has them and as UpdateOrder takes them.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Order } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import { OrderSchema } from "@shopmesh/api/shopmesh/order/v1/order_pb";
import type { Fields } from "../../form/draft";

/** Reads the fields that can be corrected. */
export function fieldsOf({ contact, shippingAddress: address }: Order): Fields {
  return {
    "contact.first_name": contact?.firstName ?? "",
    "contact.last_name": contact?.lastName ?? "",
    "contact.email": contact?.email ?? "",
    "contact.phone": contact?.phone ?? "",
    "shipping_address.organization": address?.organization ?? "",
    "shipping_address.address_lines": (address?.addressLines ?? []).join("\n"),
    "shipping_address.postal_code": address?.postalCode ?? "",
    "shipping_address.locality": address?.locality ?? "",
    "shipping_address.administrative_area": address?.administrativeArea ?? "",
    "shipping_address.region_code": address?.regionCode ?? "",
  };
}

/** The order that UpdateOrder takes: which of it counts is in the mask. */
export function corrected(id: string, etag: string, typed: Fields): MessageInitShape<typeof OrderSchema> {
  const of = (path: string) => typed[path] ?? "";
  return {
    id,
    etag,
    contact: {
      firstName: of("contact.first_name"), lastName: of("contact.last_name"), email: of("contact.email"), phone: of("contact.phone"),
    },
    shippingAddress: {
      organization: of("shipping_address.organization"),
      addressLines: of("shipping_address.address_lines").split("\n").filter((line) => line.trim() !== ""),
      postalCode: of("shipping_address.postal_code"),
      locality: of("shipping_address.locality"),
      administrativeArea: of("shipping_address.administrative_area"),
      regionCode: of("shipping_address.region_code"),
    },
  };
}
