import { useMutation } from "@tanstack/react-query";
import { AcceptInviteRequestSchema } from "@shopmesh/api/shopmesh/identity/v1/staff_service_pb";
import { useState } from "react";
import { Field } from "../components/Field";
import { Form } from "../components/Form";
import { say } from "../texts/say";
import { accept } from "./api";
import { useSession } from "./browser";

/** Where a mailed invitation leads, and the link of the shop's first owner: it makes the account. */
export function AcceptInvitation({ onDone }: { onDone(): void }) {
  const session = useSession();
  const [token, setToken] = useState(() => location.hash.slice(1));
  const [email, setEmail] = useState("");
  const [firstName, setFirstName] = useState("");
  const [lastName, setLastName] = useState("");
  const [password, setPassword] = useState("");
  const join = useMutation({
    mutationFn: async () => session.adopt(await accept({ token, email, firstName, lastName, password })),
    onSuccess: onDone,
  });
  return (
    <main className="narrow">
      <h1>{say("invitation.title")}</h1>
      <Form message={AcceptInviteRequestSchema} error={join.error} pending={join.isPending} submit={say("invitation.submit")} onSubmit={() => join.mutate()}>
        <Field name="token" label={say("invitation.token")} help={say("invitation.token_help")} value={token} onChange={setToken} />
        <Field name="first_name" label={say("contact.first_name")} autoComplete="given-name" value={firstName} onChange={setFirstName} />
        <Field name="last_name" label={say("contact.last_name")} autoComplete="family-name" value={lastName} onChange={setLastName} />
        <Field name="email" label={say("session.email")} type="email" autoComplete="username" help={say("invitation.email_help")} value={email} onChange={setEmail} />
        <Field name="password" label={say("session.password")} type="password" autoComplete="new-password" help={say("invitation.password_help")}
          value={password} onChange={setPassword} />
      </Form>
    </main>
  );
}
