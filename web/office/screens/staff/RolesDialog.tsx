import { useMutation } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import type { Account } from "@shopmesh/api/shopmesh/identity/v1/account_pb";
import { StaffService } from "@shopmesh/api/shopmesh/identity/v1/staff_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { useState } from "react";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Check } from "../../components/Field";
import { Form } from "../../components/Form";
import { Overtaken } from "../../components/Overtaken";
import { Failed, permissionName } from "../../components/States";
import { useDone } from "../../components/useDone";
import { useDraft } from "../../form/useDraft";
import { useSession } from "../../session/browser";
import { say } from "../../texts/say";
import { Permissions } from "./Permissions";
import { everything, mayOf, permissionsOf } from "./permitting";

// What somebody may do, in words.
function show(_: string, may: string): string {
  return may === everything ? say("staff.owner") : permissionsOf(may).map(permissionName).join(", ");
}

/** Changes what somebody may do, and whether they may sign in. */
export function RolesDialog({ account, onClose }: { account: Account; onClose(): void }) {
  const done = useDone();
  const session = useSession();
  const draft = useDraft(`roles:${account.id}`, { may: mayOf(account) }, account.etag);
  const [asking, setAsking] = useState(false);
  const { may = "" } = draft.typed;
  const owner = may === everything;
  const permissions = owner ? [] : permissionsOf(may);
  const name = nameOf(account);
  const close = () => {
    draft.end();
    onClose();
  };
  const setRoles = useMutation(StaffService.method.setRoles, {
    onSuccess: () => {
      done(say("staff.changed", { Name: name }));
      close();
    },
  });
  const changed = draft.mask.length > 0;
  const save = () => {
    if (!changed) close();
    else setRoles.mutate({ id: account.id, etag: draft.etag, owner, permissions });
  };
  return (
    <Dialog title={name} changed={changed} onClose={close}>
      <Form error={setRoles.error} pending={setRoles.isPending} submit={say("action.save")} onSubmit={save}>
        <Overtaken draft={draft} names={{ may: say("staff.may") }} show={show} />
        <Check name="owner" label={say("staff.make_owner")} value={owner} onChange={(owns) => draft.set("may", owns ? everything : mayOf({ owner: false, permissions: account.permissions }))} />
        {!owner && <Permissions given={permissions} onChange={(given) => draft.set("may", mayOf({ owner: false, permissions: given }))} />}
        <p><Button kind={account.disabled ? "quiet" : "bad"} onPress={() => setAsking(true)}>{account.disabled ? say("staff.enable") : say("staff.disable")}</Button></p>
      </Form>
      {session.may(Permission.ACTIVITY_READ) && <p><Link to="/activity" search={{ who: account.id }}>{say("activity.theirs")}</Link></p>}
      {asking && <SignInDialog account={account} changed={changed} onDone={close} onClose={() => setAsking(false)} />}
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
