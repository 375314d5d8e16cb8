import { TransportProvider } from "@connectrpc/connect-query";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { I18nProvider } from "react-aria-components/I18nProvider";
import { Skeleton, TextBar } from "./components/Skeleton";
import { Pending } from "./components/States";
import { ToastProvider } from "./components/Toast";
import "./components/trusted";
import { askBeforeLeaving } from "./form/leaving";
import { answered } from "./form/requests";
import { queriesOf } from "./rpc/queries";
import { shop } from "./rpc/shop";
import { transportOf } from "./rpc/transport";
import { routerOf } from "./screens/routes";
import { AcceptInvitation } from "./session/AcceptInvitation";
import { browserSession, SessionContext, useSessionState } from "./session/browser";
import { Questions } from "./session/Questions";
import { SignInPage } from "./session/SignIn";
import { locale, texts } from "./texts/say";

const session = browserSession();
const queries = queriesOf();
const router = routerOf();
const invitation = "/office/accept-invitation";

document.documentElement.lang = texts.language;
const root = document.getElementById("office");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <I18nProvider locale={locale}>
        <SessionContext value={session}>
          <QueryClientProvider client={queries}>
            <TransportProvider transport={transportOf(session, (id, used) => answered(sessionStorage, id, used))}>
              <ToastProvider><Office /></ToastProvider>
            </TransportProvider>
          </QueryClientProvider>
        </SessionContext>
      </I18nProvider>
    </StrictMode>,
  );
}
askBeforeLeaving();
void session.open();

function Office() {
  const state = useSessionState();
  if (location.pathname === invitation && state.kind !== "opening") {
    return <AcceptInvitation onDone={() => location.replace("/office/")} />;
  }
  switch (state.kind) {
    case "opening":
      return <main><h1 className="hidden">{shop().name}</h1><Skeleton><TextBar /></Skeleton></main>;
    case "failed":
      return <main className="narrow"><Pending title={shop().name} error={state.error} retry={() => void session.open()} /></main>;
    case "out":
      return <SignInPage />;
    case "in":
      return <><RouterProvider router={router} /><Questions /></>;
  }
}
