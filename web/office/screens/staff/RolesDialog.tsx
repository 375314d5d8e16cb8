import { useMutation } from "@connectrpc/connect-query";
import type { Account } from "@shopmesh/api/shopmesh/identity/v1/account_pb";
import { StaffService } from "@shopmesh/api/shopmesh/identity/v1/staff_service_pb";
import { useState } from "react";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Check } from "../../components/Field";
import { Form } from "../../components/Form";
import { useDone } from "../../components/useDone";
import { say } from "../../texts/say";
import { Permissions } from "./Permissions";

/** Changes what somebody may do, and whether they may sign in. */
export function RolesDialog({ account, onClose }: { account: Account; onClose(): void }) {
  const done = useDone();
  const [owner, setOwner] = useState(account.owner);
  const [permissions, setPermissions] = useState(account.permissions);
  const name = `${account.firstName} ${account.lastName}`.trim();
  const onSuccess = () => {
    done(say("staff.changed", { Name: name }));
    onClose();
  };
  const setRoles = useMutation(StaffService.method.setRoles, { onSuccess });
  const disable = useMutation(StaffService.method.disableAccount, { onSuccess });
  const enable = useMutation(StaffService.method.enableAccount, { onSuccess });
  const move = account.disabled ? enable : disable;
  const which = { id: account.id, etag: account.etag };
  return (
    <Dialog title={name} onClose={onClose}>
      <Form error={setRoles.error ?? move.error} pending={setRoles.isPending} submit={say("action.save")} onCancel={onClose}
        onSubmit={() => setRoles.mutate({ ...which, owner, permissions: owner ? [] : permissions })}>
        <Check name="owner" label={say("staff.make_owner")} value={owner} onChange={setOwner} />
        {!owner && <Permissions given={permissions} onChange={setPermissions} />}
        <p><Button kind="bad" pending={move.isPending} onPress={() => move.mutate(which)}>{account.disabled ? say("staff.enable") : say("staff.disable")}</Button></p>
      </Form>
    </Dialog>
  );
}
