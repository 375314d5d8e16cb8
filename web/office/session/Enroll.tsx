import { createClient } from "@connectrpc/connect";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTransport } from "@connectrpc/connect-query";
import { AccountService, ConfirmTotpRequestSchema } from "@shopmesh/api/shopmesh/identity/v1/account_service_pb";
import { useState } from "react";
import { Button } from "../components/Button";
import { Dialog } from "../components/Dialog";
import { Field } from "../components/Field";
import { Form } from "../components/Form";
import { ControlBar, FieldBar, Skeleton, TextBar } from "../components/Skeleton";
import { Failed } from "../components/States";
import { Facts } from "../components/Small";
import { say } from "../texts/say";
import { useSession } from "./browser";
import { QrCode } from "./QrCode";

/** Sets up one-time codes, which a shop that others reach wants of everybody who works for it. */
export function Enroll() {
  const session = useSession();
  const accounts = createClient(AccountService, useTransport());
  const [code, setCode] = useState("");
  // Each call draws another secret: it is made once, whatever is read again.
  const drawn = useQuery({ queryKey: ["enroll"], queryFn: () => accounts.enrollTotp({}), staleTime: "static", gcTime: 0 });
  const confirm = useMutation({ mutationFn: (secret: string) => accounts.confirmTotp({ secret, totpCode: code }) });
  const go = useMutation({ mutationFn: () => session.enrolled() });
  if (confirm.data) {
    return (
      <Dialog title={say("enroll.recovery")} onClose={undefined}>
        <p>{say("enroll.recovery_text")}</p>
        <ul className="codes">{confirm.data.recoveryCodes.map((one) => <li key={one}><code>{one}</code></li>)}</ul>
        {go.error && <Failed error={go.error} retry={() => go.mutate()} />}
        <div className="actions"><Button pending={go.isPending} onPress={() => go.mutate()}>{say("enroll.done")}</Button></div>
      </Dialog>
    );
  }
  return (
    <Dialog title={say("enroll.title")} onClose={() => session.cancel(new Error("one-time codes were not set up"))}>
      <p>{say("enroll.text")}</p>
      {drawn.isPending && (
        <Skeleton>
          <svg className="qr-code" viewBox="0 0 1 1" />
          <Facts facts={[[say("enroll.secret"), <TextBar key="secret" />]]} />
          <p>{say("enroll.open")}</p>
          <FieldBar label={say("session.code")} />
          <div className="actions"><ControlBar>{say("enroll.confirm")}</ControlBar><ControlBar>{say("action.cancel")}</ControlBar></div>
        </Skeleton>
      )}
      {drawn.error && <Failed error={drawn.error} retry={() => void drawn.refetch()} />}
      {drawn.data && (
        <Form message={ConfirmTotpRequestSchema} error={confirm.error} pending={confirm.isPending} submit={say("enroll.confirm")} onSubmit={() => confirm.mutate(drawn.data.secret)}>
          <QrCode label={say("enroll.picture")} text={drawn.data.uri} />
          <Facts facts={[[say("enroll.secret"), <code key="secret">{drawn.data.secret.replace(/(.{4})/g, "$1 ").trim()}</code>]]} />
          <p><a href={drawn.data.uri}>{say("enroll.open")}</a></p>
          <Field name="totp_code" label={say("session.code")} autoComplete="one-time-code" value={code} onChange={setCode} focused />
        </Form>
      )}
    </Dialog>
  );
}
