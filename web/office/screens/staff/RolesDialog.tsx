import { useMutation } from "@connectrpc/connect-query";
import type { Account } from "@shopmesh/api/shopmesh/identity/v1/account_pb";
import { StaffService } from "@shopmesh/api/shopmesh/identity/v1/staff_service_pb";
import { useState } from "react";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Check } from "../../components/Field";
import { Form } from "../../components/Form";
import { Failed } from "../../components/States";
import { useDone } from "../../components/useDone";
import { say } from "../../texts/say";
import { Permissions } from "./Permissions";
import { textOf } from "./permitting";

/** Changes what somebody may do, and whether they may sign in. */
export function RolesDialog({ account, onClose }: { account: Account; onClose(): void }) {
  const done = useDone();
  const [owner, setOwner] = useState(account.owner);
  const [permissions, setPermissions] = useState(account.permissions);
  const [asking, setAsking] = useState(false);
  const name = nameOf(account);
  const setRoles = useMutation(StaffService.method.setRoles, {
    onSuccess: () => {
      done(say("staff.changed", { Name: name }));
      onClose();
    },
  });
  const changed = owner !== account.owner || textOf(permissions.toSorted()) !== textOf(account.permissions.toSorted());
  return (
    <Dialog title={name} changed={changed} onClose={onClose}>
      <Form error={setRoles.error} pending={setRoles.isPending} submit={say("action.save")}
        onSubmit={() => setRoles.mutate({ id: account.id, etag: account.etag, owner, permissions: owner ? [] : permissions })}>
        <Check name="owner" label={say("staff.make_owner")} value={owner} onChange={setOwner} />
        {!owner && <Permissions given={permissions} onChange={setPermissions} />}
        <p><Button kind={account.disabled ? "quiet" : "bad"} onPress={() => setAsking(true)}>{account.disabled ? say("staff.enable") : say("staff.disable")}</Button></p>
      </Form>
      {asking && <SignInDialog account={account} changed={changed} onDone={onClose} onClose={() => setAsking(false)} />}
    </Dialog>
  );
}

// Whether somebody may sign in. It is saved at once, and what was changed of their permissions is not.
function SignInDialog({ account, changed, onDone, onClose }: { account: Account; changed: boolean; onDone(): void; onClose(): void }) {
  const done = useDone();
  const name = nameOf(account);
  const onSuccess = () => {
    done(say("staff.changed", { Name: name }));
    onDone();
  };
  const disable = useMutation(StaffService.method.disableAccount, { onSuccess });
  const enable = useMutation(StaffService.method.enableAccount, { onSuccess });
  const move = account.disabled ? enable : disable;
  const go = () => move.mutate({ id: account.id, etag: account.etag });
  return (
    <Dialog title={account.disabled ? say("staff.enable") : say("staff.disable")} kind="alertdialog" onClose={onClose}>
      <p>{account.disabled ? say("staff.enable_text", { Name: name }) : say("staff.disable_text", { Name: name })}</p>
      {changed && <p>{say("staff.unsaved")}</p>}
      {move.error && <Failed error={move.error} retry={go} />}
      <div className="actions">
        <Button kind={account.disabled ? "main" : "bad"} pending={move.isPending} onPress={go}>{account.disabled ? say("staff.enable") : say("staff.disable")}</Button>
        <Button kind="quiet" onPress={onClose}>{say("action.cancel")}</Button>
      </div>
    </Dialog>
  );
}

function nameOf(account: Account): string {
  return `${account.firstName} ${account.lastName}`.trim();
}
