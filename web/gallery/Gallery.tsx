import { TransportProvider } from "@connectrpc/connect-query";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useEffect } from "react";
import { I18nProvider } from "react-aria-components/I18nProvider";
import { createRoot } from "react-dom/client";
import { ToastProvider } from "../office/components/Toast";
import { SessionContext } from "../office/session/browser";
import { actions } from "./actions";
import { forms } from "./forms";
import { lists } from "./lists";
import type { Mode } from "./modes";
import { modes } from "./modes";
import { orders } from "./orders";
import { signedIn, transport } from "./surroundings";
import { told } from "./told";

const queries = new QueryClient();

/** Shows all components. */
export async function show(mode: Mode): Promise<void> {
  const root = document.getElementById("gallery");
  if (!root) return;
  createRoot(root).render(
    <I18nProvider locale={mode.locale}>
      <SessionContext value={await signedIn()}>
        <QueryClientProvider client={queries}>
          <TransportProvider transport={transport()}>
            <ToastProvider><Components mode={mode} /></ToastProvider>
          </TransportProvider>
        </QueryClientProvider>
      </SessionContext>
    </I18nProvider>,
  );
}

function Components({ mode }: { mode: Mode }) {
  // A form that was refused takes the focus.
  useEffect(() => window.scrollTo(0, 0), []);
  return (
    <main>
      <h1>Components of the office, {mode.name}</h1>
      <nav aria-label="Modes">
        <ul className="modes">
          {modes.map(({ name }) => <li key={name}><a href={name}>{name}</a></li>)}
          <li><a href="/light">the shop’s</a></li>
        </ul>
      </nav>
      {[...actions, ...told, ...forms, ...lists, ...orders].map(({ name, states }) => (
        <section key={name} className="stack">
          <h2>{name}</h2>
          {states.map((state) => (
            <div key={state.name} className="stack">
              <p className="soft">{state.name}</p>
              {state.shown}
            </div>
          ))}
        </section>
      ))}
    </main>
  );
}
