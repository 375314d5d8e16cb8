// What a call was refused for, as the contracts state it (google.rpc.ErrorInfo and others).
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "@shopmesh/api/google/rpc/error_details_pb";
import type { Rule } from "@shopmesh/api/shopmesh/errors/v1/rule_pb";
import { say, texts } from "../texts/say";

/** A refusal: its reason, which field is wrong for what, and what else is known. */
export interface Refusal {
  reason: string;
  /** What is wrong with which field, by the contract's name, such as "order.contact.email". */
  violations: ReadonlyMap<string, string>;
  metadata: Readonly<Record<string, string>>;
  /** After how many seconds to try again; 0 where that is not stated. */
  retryAfter: number;
  message: string;
}

/** Reads why a call failed. */
export function refusalOf(error: unknown): Refusal {
  const failed = ConnectError.from(error);
  const info = failed.findDetails(ErrorInfoSchema)[0];
  const violations = new Map<string, string>();
  for (const bad of failed.findDetails(BadRequestSchema)) {
    for (const { field, description, reason } of bad.fieldViolations) {
      if (!violations.has(field)) violations.set(field, explainRule(reason, description));
    }
  }
  return {
    reason: info?.reason ?? reasonWithout(error),
    violations,
    metadata: info?.metadata ?? {},
    retryAfter: Number(failed.findDetails(RetryInfoSchema)[0]?.retryDelay?.seconds ?? 0n),
    message: failed.rawMessage,
  };
}

// The reason of what has none: no answer of ours came, because the network is away or a proxy
// answered; or the office itself failed.
function reasonWithout(error: unknown): string {
  if (!(error instanceof ConnectError)) return "INTERNAL";
  return error.code === Code.Unauthenticated ? "UNAUTHENTICATED" : "UNAVAILABLE";
}

/** A refusal of the office's own, for what can't be sent: each field with what is wrong, or the rule that it breaks. */
export function refuse(violations: readonly { field: string; description?: string; reason?: keyof typeof Rule }[]): ConnectError {
  return new ConnectError(violations[0]?.description ?? "", Code.InvalidArgument, undefined, [
    { desc: ErrorInfoSchema, value: { reason: "INVALID_FIELD", domain: "shopmesh" } },
    { desc: BadRequestSchema, value: { fieldViolations: [...violations] } },
  ]);
}

/** Says why a call failed, to whoever works in the office. */
export function explain(error: unknown): string {
  const { reason, metadata } = refusalOf(error);
  const text = explainReason(reason);
  const reference = metadata.reference;
  return reference ? `${text} ${say("error.reference", { Reference: reference })}` : text;
}

/** Says what is wrong with a field by the rule that it breaks; without one, in the shop's own words. */
export function explainRule(rule: string, description: string): string {
  return texts.code("rule", rule) ?? say("field.refused", { Why: description });
}

/** Says what a reason means; one that this build does not know by its name. */
export function explainReason(reason: string): string {
  return texts.code("reason", reason) ?? say("reason.unknown", { Reason: reason });
}
