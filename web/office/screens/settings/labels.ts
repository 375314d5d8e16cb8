// What the fields of settings are called, and what is to be known of each: one that has no text
// does not compile.
import type { DescEnumValue, DescField } from "@bufbuild/protobuf";
import type { Settings as CustomerSettings } from "@shopmesh/api/shopmesh/customer/v1/settings_pb";
import type { Settings as EdgeSettings } from "@shopmesh/api/shopmesh/edge/v1/settings_pb";
import type { Settings as IdentitySettings } from "@shopmesh/api/shopmesh/identity/v1/settings_pb";
import type { Settings as InventorySettings } from "@shopmesh/api/shopmesh/inventory/v1/settings_pb";
import type { Settings as NotificationSettings } from "@shopmesh/api/shopmesh/notification/v1/settings_pb";
import type { PaymentLimit, PaymentMethodRule, Settings as OrderSettings } from "@shopmesh/api/shopmesh/order/v1/settings_pb";
import type { Settings as PaymentSettings, StepUpLimit } from "@shopmesh/api/shopmesh/payment/v1/settings_pb";
import type { LegalNotices, MailSubject, Settings as ShopSettings } from "@shopmesh/api/shopmesh/shop/v1/settings_pb";
import type { Accent, Announcement, Carrier, LegalTexts, Settings as StorefrontSettings } from "@shopmesh/api/shopmesh/storefront/v1/settings_pb";
import de from "../../../messages/de/office_settings.json";
import en from "../../../messages/en/office_settings.json";
import { kindName } from "../../components/mail";
import type { Language } from "../../texts/say";
import { texts } from "../../texts/say";

type Names<T> = Exclude<keyof T, "$typeName" | "$unknown"> & string;
type Top =
  | `customer.${Names<CustomerSettings>}` | `edge.${Names<EdgeSettings>}` | `identity.${Names<IdentitySettings>}`
  | `inventory.${Names<InventorySettings>}` | `notification.${Names<NotificationSettings>}` | `order.${Names<OrderSettings>}`
  | `payment.${Names<PaymentSettings>}` | `shop.${Names<ShopSettings>}` | `storefront.${Names<StorefrontSettings>}`;
type Part =
  | `PaymentLimit.${Names<PaymentLimit>}` | `PaymentMethodRule.${Names<PaymentMethodRule>}` | `StepUpLimit.${Names<StepUpLimit>}`
  | `Accent.${Exclude<keyof typeof Accent, "UNSPECIFIED">}`
  | `LegalNotices.${Names<LegalNotices>}` | `MailSubject.${Names<MailSubject>}` | `Announcement.${Names<Announcement>}` | `Carrier.${Names<Carrier>}` | `LegalTexts.${Names<LegalTexts>}`;

const catalogs: Record<Language, Record<Top | Part | `${Top}.help`, string>> = { en, de };
const catalog: Readonly<Record<string, string | undefined>> = catalogs[texts.language];

// A context's own message goes by the context's name, others by theirs.
function idOf(field: DescField): string {
  const of = field.parent.name === "Settings" ? (field.parent.typeName.split(".")[1] ?? "") : field.parent.name;
  return `${of}.${field.localName}`;
}

/** What a field is called. */
export function labelOf(field: DescField): string {
  return catalog[idOf(field)] ?? field.name;
}

/** What is to be known of a field. */
export function helpOf(field: DescField): string {
  return catalog[`${idOf(field)}.help`] ?? "";
}

/** What a value of an enum is called: mails' occasions as everywhere in the office. */
export function nameOfValue(value: DescEnumValue): string {
  if (value.parent.name === "NotificationKind") return kindName(value.number);
  return catalog[`${value.parent.name}.${value.localName}`] ?? value.name;
}
