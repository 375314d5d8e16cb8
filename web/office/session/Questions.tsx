import { useMutation } from "@tanstack/react-query";
import { ReauthenticateRequestSchema } from "@shopmesh/api/shopmesh/identity/v1/account_service_pb";
import { useState } from "react";
import { Dialog } from "../components/Dialog";
import { Field } from "../components/Field";
import { Form } from "../components/Form";
import { Notice } from "../components/Small";
import { say } from "../texts/say";
import { useSession, useSessionState } from "./browser";
import { Enroll } from "./Enroll";
import { SignIn } from "./SignIn";

/** What a call waits for, asked over whatever is shown: nothing that was typed below is lost. */
export function Questions() {
  const state = useSessionState();
  if (state.kind !== "in" || !state.question) return null;
  switch (state.question.kind) {
    case "sign-in":
      return (
        <Dialog title={say("session.ended")} onClose={undefined}>
          <Notice>{say("session.ended_text")}</Notice>
          <SignIn email={state.account.email} />
        </Dialog>
      );
    case "proof":
      return <Proof code={state.question.code} />;
    case "enroll":
      return <Enroll />;
  }
}

function Proof({ code: needed }: { code: boolean }) {
  const session = useSession();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const prove = useMutation({ mutationFn: () => session.reauthenticate({ password, code }) });
  const cancel = () => session.cancel(new Error("no proof was given"));
  return (
    <Dialog title={say("session.proof")} onClose={cancel}>
      <p>{say("session.proof_text")}</p>
      <Form message={ReauthenticateRequestSchema} error={prove.error} pending={prove.isPending} submit={say("session.confirm")} onSubmit={() => prove.mutate()}>
        <Field name="password" label={say("session.password")} type="password" autoComplete="current-password" value={password} onChange={setPassword} focused />
        <Field name="totp_code" label={say("session.code")} autoComplete="one-time-code" required={needed} value={code} onChange={setCode}
          {...(!needed && { help: say("session.code_help") })} />
      </Form>
    </Dialog>
  );
}
