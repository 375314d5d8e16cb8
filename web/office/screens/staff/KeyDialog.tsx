import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { useMutation } from "@connectrpc/connect-query";
import { CreateApiKeyRequestSchema, StaffService } from "@shopmesh/api/shopmesh/identity/v1/staff_service_pb";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { Form } from "../../components/Form";
import { Unanswered } from "../../components/Unanswered";
import { useDone } from "../../components/useDone";
import { dayStart } from "../../form/days";
import { useDraft } from "../../form/useDraft";
import { useRequests } from "../../form/useRequests";
import { shop } from "../../rpc/shop";
import { say } from "../../texts/say";
import { Permissions } from "./Permissions";
import { permissionsOf, textOf } from "./permitting";

/** Makes a key for a program, and shows it this once. */
export function KeyDialog({ onClose }: { onClose(): void }) {
  const done = useDone();
  const requests = useRequests("CreateApiKey");
  const draft = useDraft("key", { display_name: "", expire_time: "", permissions: "" }, "");
  const { display_name: displayName = "", expire_time: until = "" } = draft.typed;
  const permissions = permissionsOf(draft.typed.permissions ?? "");
  const close = () => {
    draft.end();
    onClose();
  };
  const make = useMutation(StaffService.method.createApiKey, {
    onSuccess: ({ apiKey }) => {
      draft.end();
      done(say("key.made", { Name: apiKey?.displayName ?? "" }));
    },
  });
  if (make.data) {
    return (
      <Dialog title={say("key.once")} onClose={undefined}>
        <p>{say("key.once_text")}</p>
        <p><code className="secret">{make.data.secret}</code></p>
        <div className="actions"><Button onPress={onClose}>{say("key.kept")}</Button></div>
      </Dialog>
    );
  }
  const asked = { displayName, permissions, until };
  return (
    <Dialog title={say("key.make")} changed={draft.mask.length > 0} onClose={close}>
      <Form message={CreateApiKeyRequestSchema} error={make.error} pending={make.isPending} submit={say("key.make")}
        onSubmit={() => make.mutate({
          displayName, permissions, requestId: requests.id(asked), ...(until !== "" && { expireTime: timestampFromDate(new Date(dayStart(until, 0, shop().timeZone))) }),
        })}>
        <Unanswered since={!make.isPending && requests.unanswered(asked)} />
        <Field name="display_name" label={say("key.name")} value={displayName} onChange={(typed) => draft.set("display_name", typed)} focused />
        <Field name="expire_time" label={say("key.until")} type="date" value={until} onChange={(typed) => draft.set("expire_time", typed)} />
        <Permissions given={permissions} onChange={(given) => draft.set("permissions", textOf(given))} />
      </Form>
    </Dialog>
  );
}
