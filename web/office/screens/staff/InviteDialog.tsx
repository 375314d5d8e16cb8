import { useMutation } from "@connectrpc/connect-query";
import { InviteStaffRequestSchema, StaffService } from "@shopmesh/api/shopmesh/identity/v1/staff_service_pb";
import { Dialog } from "../../components/Dialog";
import { Check, Field } from "../../components/Field";
import { Form } from "../../components/Form";
import { Unanswered } from "../../components/Unanswered";
import { useDone } from "../../components/useDone";
import { useDraft } from "../../form/useDraft";
import { useRequests } from "../../form/useRequests";
import { say, texts } from "../../texts/say";
import { Permissions } from "./Permissions";
import { permissionsOf, textOf } from "./permitting";

/** Mails somebody the link that makes their account. */
export function InviteDialog({ onClose }: { onClose(): void }) {
  const done = useDone();
  const requests = useRequests("InviteStaff");
  const draft = useDraft("invitation", { email: "", owner: "", permissions: "" }, "");
  const { email = "" } = draft.typed;
  const owner = draft.typed.owner !== "";
  const permissions = permissionsOf(draft.typed.permissions ?? "");
  const close = () => {
    draft.end();
    onClose();
  };
  const invite = useMutation(StaffService.method.inviteStaff, {
    onSuccess: () => {
      done(say("staff.invited", { Email: email }));
      close();
    },
  });
  const request = { email, owner, permissions: owner ? [] : permissions, languageCode: texts.language };
  return (
    <Dialog title={say("staff.invite")} changed={draft.mask.length > 0} onClose={close}>
      <Form message={InviteStaffRequestSchema} error={invite.error} pending={invite.isPending} submit={say("staff.invite")}
        onSubmit={() => invite.mutate({ ...request, requestId: requests.id(request) })}>
        <Unanswered since={!invite.isPending && requests.unanswered(request)} />
        <Field name="email" label={say("contact.email")} type="email" value={email} onChange={(typed) => draft.set("email", typed)} focused />
        <Check name="owner" label={say("staff.make_owner")} value={owner} onChange={(owns) => draft.set("owner", owns ? "yes" : "")} />
        {!owner && <Permissions given={permissions} onChange={(given) => draft.set("permissions", textOf(given))} />}
      </Form>
    </Dialog>
  );
}
