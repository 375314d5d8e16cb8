import type { PostalAddress } from "@shopmesh/api/google/type/postal_address_pb";
import { regionName } from "../texts/regions";
import { locale } from "../texts/say";

/** A postal address, a line for each part. name is whom it goes to where the address names nobody; the country is named in the office's language unless another locale is given. */
export function PostalLines({ address, name, within = locale }: { address: PostalAddress | undefined; name?: string; within?: string }) {
  if (!address) return null;
  const town = [address.postalCode, address.locality].filter(Boolean).join(" ");
  const recipients = address.recipients.length > 0 ? address.recipients : [name];
  const lines = [...recipients, address.organization, ...address.addressLines, town, address.administrativeArea, regionName(address.regionCode, within)];
  return <address>{lines.filter(Boolean).map((line, at) => <span key={at}><bdi>{line}</bdi></span>)}</address>;
}
