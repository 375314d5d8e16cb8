import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { useMutation } from "@connectrpc/connect-query";
import { StaffService } from "@shopmesh/api/shopmesh/identity/v1/staff_service_pb";
import type { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { useState } from "react";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Field } from "../../components/Field";
import { Form } from "../../components/Form";
import { useDone } from "../../components/useDone";
import { dayStart } from "../../form/days";
import { shop } from "../../rpc/shop";
import { say } from "../../texts/say";
import { Permissions } from "./Permissions";

/** Makes a key for a program, and shows it this once. */
export function KeyDialog({ onClose }: { onClose(): void }) {
  const done = useDone();
  const [displayName, setDisplayName] = useState("");
  const [until, setUntil] = useState("");
  const [permissions, setPermissions] = useState<Permission[]>([]);
  const make = useMutation(StaffService.method.createApiKey, { onSuccess: () => done(say("key.made", { Name: displayName })) });
  if (make.data) {
    return (
      <Dialog title={say("key.once")} onClose={undefined}>
        <p>{say("key.once_text")}</p>
        <p><code className="secret">{make.data.secret}</code></p>
        <div className="actions"><Button onPress={onClose}>{say("key.kept")}</Button></div>
      </Dialog>
    );
  }
  return (
    <Dialog title={say("key.make")} onClose={onClose}>
      <Form error={make.error} pending={make.isPending} submit={say("key.make")} onCancel={onClose} onSubmit={() => make.mutate({
        displayName, permissions, ...(until !== "" && { expireTime: timestampFromDate(new Date(dayStart(until, 0, shop().timeZone))) }),
      })}>
        <Field name="display_name" label={say("key.name")} required value={displayName} onChange={setDisplayName} max={100} focused />
        <Field name="expire_time" label={say("key.until")} type="date" required value={until} onChange={setUntil} />
        <Permissions given={permissions} onChange={setPermissions} />
      </Form>
    </Dialog>
  );
}
