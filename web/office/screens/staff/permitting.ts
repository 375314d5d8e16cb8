// Permissions as a draft has them: their numbers in the contract.
import type { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";

/** Reads permissions. */
export function permissionsOf(text: string): Permission[] {
  return text === "" ? [] : text.split(",").map(Number);
}

/** Writes permissions. */
export function textOf(permissions: readonly Permission[]): string {
  return permissions.join();
}
