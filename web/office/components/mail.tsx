import { useMutation } from "@connectrpc/connect-query";
import type { Notification } from "@shopmesh/api/shopmesh/notification/v1/notification_pb";
import { NotificationKind, NotificationStatus } from "@shopmesh/api/shopmesh/notification/v1/notification_pb";
import { NotificationService, ResendNotificationRequestSchema } from "@shopmesh/api/shopmesh/notification/v1/notification_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { useState } from "react";
import { useDraft } from "../form/useDraft";
import { useRequests } from "../form/useRequests";
import { useSession } from "../session/browser";
import { say } from "../texts/say";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { Field } from "./Field";
import { Form } from "./Form";
import { StateBadge } from "./Small";
import { Unanswered } from "./Unanswered";
import { useDone } from "./useDone";

type KnownKind = Exclude<keyof typeof NotificationKind, "UNSPECIFIED">;
type KnownStatus = Exclude<keyof typeof NotificationStatus, "UNSPECIFIED">;

/** The name of a mail's occasion. */
export function kindName(kind: NotificationKind): string {
  return say(`mail.kind.${NotificationKind[kind] as KnownKind}`);
}

const badges: Record<NotificationStatus, "todo" | "good" | "bad" | "done"> = {
  [NotificationStatus.UNSPECIFIED]: "done",
  [NotificationStatus.PENDING]: "todo",
  [NotificationStatus.SENT]: "good",
  [NotificationStatus.FAILED]: "bad",
  [NotificationStatus.ERASED]: "done",
};

/** How a mail stands. */
export function MailBadge({ status }: { status: NotificationStatus }) {
  return <StateBadge kind={badges[status]}>{say(`mail.status.${NotificationStatus[status] as KnownStatus}`)}</StateBadge>;
}

/** Sends a mail again, to the same address or another. */
export function Resend({ mail }: { mail: Notification }) {
  const [open, setOpen] = useState(false);
  if (!useSession().may(Permission.NOTIFICATIONS_WRITE)) return null;
  return (
    <>
      <Button kind="quiet" onPress={() => setOpen(true)}>{say("mail.resend")}</Button>
      {open && <ResendDialog mail={mail} onClose={() => setOpen(false)} />}
    </>
  );
}

function ResendDialog({ mail, onClose }: { mail: Notification; onClose(): void }) {
  const done = useDone();
  const requests = useRequests("ResendNotification");
  const draft = useDraft(`resend:${mail.id}`, { recipient: mail.recipient }, "");
  const { recipient = "" } = draft.typed;
  const close = () => {
    draft.end();
    onClose();
  };
  const resend = useMutation(NotificationService.method.resendNotification, {
    onSuccess: () => {
      done(say("mail.resent", { Email: recipient }));
      close();
    },
  });
  const request = { id: mail.id, recipient };
  return (
    <Dialog title={say("mail.resend_title")} changed={draft.mask.length > 0} onClose={close}>
      <Form message={ResendNotificationRequestSchema} error={resend.error} pending={resend.isPending} submit={say("mail.resend")}
        onSubmit={() => resend.mutate({ ...request, requestId: requests.id(request) })}>
        <Unanswered since={!resend.isPending && requests.unanswered(request)} />
        <Field name="recipient" label={say("mail.recipient")} type="email" required value={recipient} onChange={(typed) => draft.set("recipient", typed)} focused />
      </Form>
    </Dialog>
  );
}
