import { useMutation } from "@tanstack/react-query";
import { SignInRequestSchema } from "@shopmesh/api/shopmesh/identity/v1/account_service_pb";
import { useState } from "react";
import { Field } from "../components/Field";
import { Form } from "../components/Form";
import { reload } from "../form/leaving";
import { say } from "../texts/say";
import { useSession } from "./browser";
import { OtherAccount } from "./session";

/** The form by which people who work for the shop sign in. */
export function SignIn({ email: given = "" }: { email?: string }) {
  const session = useSession();
  const [email, setEmail] = useState(given);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const signIn = useMutation({
    mutationFn: () => session.signIn({ email, password, code }),
    onError: (error) => {
      if (error instanceof OtherAccount) reload(); // nothing of the one stays before the other's eyes
    },
  });
  return (
    <Form message={SignInRequestSchema} error={signIn.error} pending={signIn.isPending} submit={say("session.sign_in")} onSubmit={() => signIn.mutate()}>
      <Field name="email" label={say("session.email")} type="email" autoComplete="username" value={email} onChange={setEmail} focused={given === ""} />
      <Field name="password" label={say("session.password")} type="password" autoComplete="current-password" value={password} onChange={setPassword}
        focused={given !== ""} />
      <Field name="totp_code" label={say("session.code")} autoComplete="one-time-code" help={say("session.code_help")} value={code} onChange={setCode} />
    </Form>
  );
}

/** The page of whoever is not signed in. */
export function SignInPage() {
  return (
    <main className="narrow">
      <h1>{say("session.title")}</h1>
      <SignIn />
    </main>
  );
}
