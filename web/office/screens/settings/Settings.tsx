import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useMutation as useWork } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { DescField } from "@bufbuild/protobuf";
import { ConfigService } from "@shopmesh/api/shopmesh/config/v1/config_service_pb";
import type { GetSettingsResponse } from "@shopmesh/api/shopmesh/config/v1/config_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { Button } from "../../components/Button";
import { Form } from "../../components/Form";
import { Views } from "../../components/FilterBar";
import { Overtaken } from "../../components/Overtaken";
import { Failed, Permitted } from "../../components/States";
import { useToast } from "../../components/Toast";
import { useDone } from "../../components/useDone";
import type { Fields } from "../../form/draft";
import type { Draft } from "../../form/useDraft";
import { useDraft } from "../../form/useDraft";
import { useSession } from "../../session/browser";
import { say } from "../../texts/say";
import { fieldsOf, messageOf, settingsOf, textOfValue, valueOf } from "./fields";
import { helpOf, labelOf } from "./labels";
import type { Context } from "./search";
import { contexts } from "./search";
import { held, textOf } from "./shown";
import { SettingsSkeleton } from "./SettingsSkeleton";
import { ShownValue } from "./ShownValue";
import { ValueField } from "./ValueField";
import { Versions } from "./Versions";

/** What an owner sets for the shop, made of the contracts' messages: a new field is here with its texts. */
export function SettingsScreen(): ReactNode {
  return <Permitted permission={Permission.SETTINGS_READ}><Loaded /></Permitted>;
}

const route = getRouteApi("/settings");

function Loaded() {
  const { context = "shop" } = route.useSearch();
  const navigate = route.useNavigate();
  const mayReadMails = useSession().may(Permission.NOTIFICATIONS_READ);
  const settings = useQuery(ConfigService.method.getSettings, { context });
  return (
    <section className="stack">
      <h1>{say("nav.settings")}</h1>
      <Views views={contexts.map((id) => ({ id, name: say(`settings.context.${id}`) }))} current={context}
        onChoose={(chosen) => void navigate({ search: chosen === "shop" ? {} : { context: chosen } })} />
      {context === "shop" && mayReadMails && <p><Link to="/mails/preview" search={{}}>{say("mails.preview")}</Link></p>}
      {settings.isPending && <SettingsSkeleton context={context} />}
      {settings.error && <Failed error={settings.error} retry={() => void settings.refetch()} />}
      {settings.data && <Shown key={context} context={context} answer={settings.data} />}
    </section>
  );
}

function Shown({ context, answer }: { context: Context; answer: GetSettingsResponse }) {
  const done = useDone();
  const toast = useToast();
  const mayWrite = useSession().may(Permission.SETTINGS_WRITE);
  const loaded = fieldsOf(context, answer.settings);
  const defaults = fieldsOf(context, answer.defaults);
  const draft = useDraft(`settings:${context}`, loaded, answer.settings?.etag ?? "");
  const update = useMutation(ConfigService.method.updateSettings);
  const save = useWork({
    mutationFn: async () => update.mutateAsync({
      settings: settingsOf(context, draft.etag, draft.typed), updateMask: { paths: draft.mask.map((path) => `${context}.${path}`) },
    }),
    onMutate: () => draft.typed,
    onSuccess: ({ settings: now = answer.settings }, _, sent) => {
      draft.saved(sent, fieldsOf(context, now), now?.etag ?? "");
      done(say("settings.saved"));
    },
  });
  const { fields } = messageOf(context);
  const names = Object.fromEntries(fields.map((field) => [field.name, labelOf(field)]));
  const dirty = draft.mask.length > 0;
  return (
    <div className="order">
      <section>
        {mayWrite ? (
          <Form error={save.error} prefix={`settings.${context}.`} pending={save.isPending} submit={say("action.save")} onSubmit={() => (dirty ? save.mutate() : toast(say("form.unchanged")))}
            {...(dirty && { onCancel: draft.end })}>
            <Overtaken draft={draft} names={names} show={(path, value) => shownText(fields, path, value, defaults)} />
            {fields.map((field) => <One key={field.name} field={field} draft={draft} standard={defaults[field.name] ?? ""} />)}
          </Form>
        ) : (
          <div className="stack">{fields.map((field) => <ReadOnly key={field.name} field={field} set={loaded} defaults={defaults} />)}</div>
        )}
      </section>
      <Versions context={context} etag={answer.settings?.etag ?? ""} now={loaded} defaults={defaults} />
    </div>
  );
}

// A field that is not set shows its default, and goes back to it.
function One({ field, draft, standard }: { field: DescField; draft: Draft; standard: string }) {
  const text = draft.typed[field.name] ?? "";
  const value = text === "" && standard !== "" ? valueOf({ [field.name]: standard }, field) : valueOf(draft.typed, field);
  return (
    <div className="stack-tight">
      <ValueField field={field} name={field.name} value={value} onChange={(next) => {
        const typed = textOfValue(next);
        draft.set(field.name, typed === standard ? "" : typed);
      }} />
      <span className="of-default">
        {text === "" ? <span className="soft">{say("settings.is_default")}</span> : <Button kind="quiet" onPress={() => draft.set(field.name, "")}>{say("settings.to_default")}</Button>}
      </span>
    </div>
  );
}

// A field for those who may not change it.
function ReadOnly({ field, set, defaults }: { field: DescField; set: Fields; defaults: Fields }) {
  const { value, isDefault } = held(field, set, defaults);
  return (
    <dl className="stack-tight held">
      <dt><strong>{labelOf(field)}</strong></dt>
      <dd><ShownValue field={field} value={value} /></dd>
      <dd className="soft">{helpOf(field)} {isDefault && say("settings.is_default")}</dd>
    </dl>
  );
}

// A value of the draft in words.
function shownText(fields: readonly DescField[], path: string, value: string, defaults: Fields): string {
  const field = fields.find((one) => one.name === path);
  if (!field) return value;
  const { value: shown, isDefault } = held(field, { [path]: value }, defaults);
  return isDefault ? say("settings.default_value", { Value: textOf(field, shown) }) : textOf(field, shown);
}
