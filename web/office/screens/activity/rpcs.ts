// What was called, in words: apart from the office's other texts, because the activity alone shows them.
import de from "../../../messages/de/office_rpcs.json";
import en from "../../../messages/en/office_rpcs.json";
import type { Language } from "../../texts/say";
import { texts } from "../../texts/say";

const catalogs: Record<Language, Record<keyof typeof en, string>> = { en, de };
const catalog: Readonly<Record<string, string | undefined>> = catalogs[texts.language];

/** What an RPC does, such as "shopmesh.order.v1.OrderService/ShipOrder"; what is none of the contracts, such as "operator/token", has no text. */
export function rpcName(rpc: string): string | undefined {
  return catalog[rpc.replace(/^shopmesh\./, "")];
}
