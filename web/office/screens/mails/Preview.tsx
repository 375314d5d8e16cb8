import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { NotificationKind } from "@shopmesh/api/shopmesh/notification/v1/notification_pb";
import { NotificationService } from "@shopmesh/api/shopmesh/notification/v1/notification_service_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { Choice } from "../../components/Field";
import { kindName } from "../../components/mail";
import { Skeleton, TextBar } from "../../components/Skeleton";
import { Failed, Permitted } from "../../components/States";
import { setOnly } from "../../rpc/search";
import { say, texts } from "../../texts/say";
import { Frame } from "./Frame";
import type { PreviewSearch } from "./search";
import { kinds, languages } from "./search";

/** How the mails of each kind look, in each language that they are written in, with made-up data. */
export function Preview(): ReactNode {
  return <Permitted permission={Permission.NOTIFICATIONS_READ}><Shown /></Permitted>;
}

const route = getRouteApi("/mails/preview");

function Shown() {
  const { kind = "ORDER_CONFIRMED", language = texts.language } = route.useSearch();
  const navigate = route.useNavigate();
  const show = (change: PreviewSearch) => void navigate({ search: (last) => setOnly<PreviewSearch>({ ...last, ...change }), replace: true });
  const preview = useQuery(NotificationService.method.previewTemplate, { kind: NotificationKind[kind], languageCode: language }, { placeholderData: keepPreviousData });
  return (
    <section className="stack">
      <p><Link to="/mails" search={{}}>{say("nav.mails")}</Link></p>
      <h1>{say("mails.preview")}</h1>
      <p className="soft">{say("mails.preview_text")}</p>
      <div className="actions">
        <Choice name="kind" label={say("mail.occasion")} value={kind} options={kinds.map((one) => ({ value: one, label: kindName(NotificationKind[one]) }))}
          onChange={(chosen) => show({ kind: chosen })} />
        <Choice name="language" label={say("nav.language")} value={language} options={languages.map((one) => ({ value: one, label: say(`language.${one}`) }))}
          onChange={(chosen) => show({ language: chosen })} />
      </div>
      {preview.error && <Failed error={preview.error} retry={() => void preview.refetch()} />}
      {preview.isPending && <Skeleton><h2><TextBar /></h2><div className="mail" /></Skeleton>}
      {preview.data && (
        <>
          <h2 lang={language} dir="auto">{preview.data.subject}</h2>
          <Frame title={preview.data.subject} html={preview.data.html} />
        </>
      )}
    </section>
  );
}
