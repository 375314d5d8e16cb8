import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { Check, FieldSet } from "../../components/Field";
import { permissionName } from "../../components/States";
import { useSession } from "../../session/browser";
import { say } from "../../texts/say";

const all = Object.values(Permission).filter((value): value is Permission => typeof value === "number" && value !== Permission.UNSPECIFIED);

/** What somebody may do. Those that one lacks oneself can't be given. */
export function Permissions({ given, onChange }: { given: readonly Permission[]; onChange(given: Permission[]): void }) {
  const session = useSession();
  return (
    <FieldSet name="permissions" label={say("staff.may")}>
      {all.filter((permission) => session.may(permission) || given.includes(permission)).map((permission) => (
        <Check key={permission} name={`permission-${permission}`} label={permissionName(permission)} value={given.includes(permission)}
          onChange={(may) => onChange(may ? [...given, permission] : given.filter((one) => one !== permission))} />
      ))}
    </FieldSet>
  );
}
