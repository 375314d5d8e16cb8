import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useMutation } from "@tanstack/react-query";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode, RefObject } from "react";
import { useEffect, useRef, useState } from "react";
import { Button } from "../components/Button";
import { ConnectionBar } from "../components/ConnectionBar";
import { typing } from "../components/DataTable";
import { Dialog } from "../components/Dialog";
import { Facts } from "../components/Small";
import { Failed } from "../components/States";
import { useLostFocus } from "../components/useLostFocus";
import { shop } from "../rpc/shop";
import { useSession, useSessionState } from "../session/browser";
import { choose, languages, say, texts } from "../texts/say";
import type { TextId } from "../texts/say";

// What the screens are called, by what their addresses begin with.
const titles: readonly (readonly [string, TextId])[] = [
  ["/orders", "nav.orders"], ["/products", "nav.products"], ["/categories", "nav.categories"], ["/stock", "nav.stock"], ["/customers", "nav.customers"],
  ["/mails", "nav.mails"], ["/contradictions", "nav.contradictions"], ["/settings", "nav.settings"], ["/staff", "nav.staff"], ["/activity", "nav.activity"],
];

/** What surrounds every screen. */
export function Shell(): ReactNode {
  const [help, setHelp] = useState(false);
  const main = useRef<HTMLElement>(null);
  useScreen(main);
  useLostFocus(main);
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (event.key === "?" && !typing(event) && !document.querySelector(".modal")) setHelp(true);
    };
    window.addEventListener("keydown", hear);
    return () => window.removeEventListener("keydown", hear);
  }, []);
  return (
    <>
      <a className="skip" href="#main">{say("nav.skip")}</a>
      <header className="masthead">
        <div className="masthead-row">
          <Link className="shop-name" to="/">{shop().name}</Link>
          <Menu />
          <nav id="places" aria-label={say("nav.label")}>
            <ul className="places">
              <Place permission={Permission.ORDERS_READ}><Link to="/orders" activeProps={here}>{say("nav.orders")}</Link></Place>
              <Place permission={Permission.CATALOG_READ}><Link to="/products" activeProps={here}>{say("nav.products")}</Link></Place>
              <Place permission={Permission.CATALOG_READ}><Link to="/categories" activeProps={here}>{say("nav.categories")}</Link></Place>
              <Place permission={Permission.STOCK_READ}><Link to="/stock" activeProps={here}>{say("nav.stock")}</Link></Place>
              <Place permission={Permission.CUSTOMERS_READ}><Link to="/customers" activeProps={here}>{say("nav.customers")}</Link></Place>
              <Place permission={Permission.NOTIFICATIONS_READ}><Link to="/mails" activeProps={here}>{say("nav.mails")}</Link></Place>
              <Place permission={Permission.PAYMENTS_READ}><Link to="/contradictions" activeProps={here}>{say("nav.contradictions")}</Link></Place>
              <Place permission={Permission.SETTINGS_READ}><Link to="/settings" activeProps={here}>{say("nav.settings")}</Link></Place>
              <Place permission={Permission.ACCOUNTS_READ}><Link to="/staff" activeProps={here}>{say("nav.staff")}</Link></Place>
              <Place permission={Permission.ACTIVITY_READ}><Link to="/activity" activeProps={here}>{say("nav.activity")}</Link></Place>
            </ul>
          </nav>
          <Person onHelp={() => setHelp(true)} />
        </div>
        <ConnectionBar />
      </header>
      <main id="main" tabIndex={-1} ref={main}><Outlet /></main>
      {help && <Keys onClose={() => setHelp(false)} />}
    </>
  );
}

const here = { "aria-current": "page" } as const;

// Where the office leads, for those who may read there.
function Place({ permission, children }: { permission: Permission; children: ReactNode }) {
  return useSession().may(permission) ? <li>{children}</li> : null;
}

// Another screen has a title of its own, and the focus at its beginning.
function useScreen(main: RefObject<HTMLElement | null>) {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const first = useRef(path);
  useEffect(() => {
    const title = titles.find(([begins]) => path.startsWith(begins))?.[1];
    document.title = title ? `${say(title)} – ${shop().name}` : shop().name;
    if (first.current !== path) main.current?.focus();
    first.current = "";
  }, [path, main]);
}

// Opens what leads elsewhere, where there is no room for it beside the shop's name. Another screen closes it.
function Menu() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [openAt, setOpenAt] = useState<string>();
  const open = openAt === path;
  return (
    <button type="button" className="button menu" data-kind="quiet" aria-expanded={open} aria-controls="places person" onClick={() => setOpenAt(open ? undefined : path)}>
      {say("nav.menu")}
    </button>
  );
}

function Person({ onHelp }: { onHelp(): void }) {
  const session = useSession();
  const state = useSessionState();
  const leave = useMutation({ mutationFn: () => session.signOut(), onSuccess: () => sessionStorage.clear() });
  if (state.kind !== "in") return null;
  return (
    <div className="person" id="person">
      <span>{state.account.firstName} {state.account.lastName}</span>
      <select aria-label={say("nav.language")} value={texts.language} onChange={(event) => {
        const language = languages.find((one) => one === event.target.value);
        if (language) choose(language);
      }}>
        {languages.map((language) => <option key={language} value={language}>{say(`language.${language}`)}</option>)}
      </select>
      <Button kind="quiet" onPress={onHelp}>{say("nav.keys")}</Button>
      <Button kind="quiet" pending={leave.isPending} onPress={() => leave.mutate()}>{say("session.sign_out")}</Button>
      {leave.error && <Failed error={leave.error} retry={() => leave.mutate()} />}
    </div>
  );
}

function Keys({ onClose }: { onClose(): void }) {
  const keys: [string, TextId][] = [["/", "keys.search"], ["j", "keys.down"], ["k", "keys.up"], ["x", "keys.select"], ["Enter", "keys.open"], ["?", "keys.help"]];
  return (
    <Dialog title={say("keys.title")} onClose={onClose}>
      <Facts facts={keys.map(([key, text]) => [key, say(text)])} />
      <div className="actions"><Button onPress={onClose}>{say("action.close")}</Button></div>
    </Dialog>
  );
}
