// Permissions as a draft has them: their numbers in the contract.
import type { Account } from "@shopmesh/api/shopmesh/identity/v1/account_pb";
import type { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";

/** Reads permissions. */
export function permissionsOf(text: string): Permission[] {
  return text === "" ? [] : text.split(",").map(Number);
}

/** Writes permissions. */
export function textOf(permissions: readonly Permission[]): string {
  return permissions.join();
}

/** What an owner may do, as a draft has it. */
export const everything = "owner";

/** What somebody may do, as a draft has it: the same permissions are the same text. */
export function mayOf({ owner, permissions }: Pick<Account, "owner" | "permissions">): string {
  return owner ? everything : textOf(permissions.toSorted());
}
