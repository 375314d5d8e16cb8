import { useMutation } from "@connectrpc/connect-query";
import { StaffService } from "@shopmesh/api/shopmesh/identity/v1/staff_service_pb";
import type { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { useState } from "react";
import { Dialog } from "../../components/Dialog";
import { Check, Field } from "../../components/Field";
import { Form } from "../../components/Form";
import { useDone } from "../../components/useDone";
import { say } from "../../texts/say";
import { Permissions } from "./Permissions";

/** Mails somebody the link that makes their account. */
export function InviteDialog({ onClose }: { onClose(): void }) {
  const done = useDone();
  const [email, setEmail] = useState("");
  const [owner, setOwner] = useState(false);
  const [permissions, setPermissions] = useState<Permission[]>([]);
  const invite = useMutation(StaffService.method.inviteStaff, {
    onSuccess: () => {
      done(say("staff.invited", { Email: email }));
      onClose();
    },
  });
  return (
    <Dialog title={say("staff.invite")} onClose={onClose}>
      <Form error={invite.error} pending={invite.isPending} submit={say("staff.invite")} onCancel={onClose}
        onSubmit={() => invite.mutate({ email, owner, permissions: owner ? [] : permissions })}>
        <Field name="email" label={say("contact.email")} type="email" required value={email} onChange={setEmail} focused />
        <Check name="owner" label={say("staff.make_owner")} value={owner} onChange={setOwner} />
        {!owner && <Permissions given={permissions} onChange={setPermissions} />}
      </Form>
    </Dialog>
  );
}
