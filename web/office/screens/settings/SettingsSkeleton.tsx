import type { ReactNode } from "react";
import { ControlBar, FieldBar, Skeleton, TextBar } from "../../components/Skeleton";
import { say } from "../../texts/say";
import { messageOf } from "./fields";
import { helpOf, labelOf } from "./labels";
import type { Context } from "./search";

/** Holds the place of a context's settings: its fields are known, and not what they hold. */
export function SettingsSkeleton({ context }: { context: Context }): ReactNode {
  return (
    <div className="order">
      <section>
        <Skeleton>
          {messageOf(context).fields.map((field) => (
            <div className="stack-tight" key={field.name}>
              <FieldBar label={labelOf(field)} help={helpOf(field)} />
              <span><TextBar /></span>
            </div>
          ))}
          <div className="actions"><ControlBar>{say("action.save")}</ControlBar></div>
        </Skeleton>
      </section>
      <section className="stack"><h2>{say("settings.versions")}</h2><VersionBars /></section>
    </div>
  );
}

/** Holds the place of the versions of settings. */
export function VersionBars() {
  return (
    <Skeleton>
      <p className="row"><TextBar /><TextBar /><TextBar /></p>
      <p className="row"><TextBar /><TextBar /><TextBar /></p>
    </Skeleton>
  );
}
