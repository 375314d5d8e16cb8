import { useState } from "react";
import { Field } from "../../components/Field";
import { say } from "../../texts/say";
import { Erase } from "./Erase";
import { Export } from "./Export";

/** The data of somebody who ordered as a guest, by the address of their orders. */
export function GuestData() {
  const [email, setEmail] = useState("");
  return (
    <details>
      <summary>{say("guest.title")}</summary>
      <div className="stack narrow">
        <p>{say("guest.text")}</p>
        <Field name="guest" label={say("contact.email")} type="email" required value={email} onChange={setEmail} />
        {email !== "" && <div className="actions"><Export who={{ email }} /><Erase who={{ email }} name={email} email={email} /></div>}
      </div>
    </details>
  );
}
