import { Link } from "@tanstack/react-router";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { ControlBar, FieldBar, Skeleton, TextBar } from "../../components/Skeleton";
import { useSession } from "../../session/browser";
import { say } from "../../texts/say";
import { LedgerBars, StockBars } from "./StockPart";

/** Holds the place of a product that is sold. */
export function ProductSkeleton(): ReactNode {
  const session = useSession();
  const mayWrite = session.may(Permission.CATALOG_WRITE);
  return (
    <article className="order">
      <header className="stack">
        <p><Link to="/products" search={{}}>{say("nav.products")}</Link></p>
        <h1>{say("nav.products")}</h1>
        <Skeleton>
          <p><TextBar /></p>
          {mayWrite && <div className="actions"><ControlBar>{say("product.archive")}</ControlBar></div>}
        </Skeleton>
      </header>
      <section><Skeleton>{mayWrite ? <EditorBars /> : <p><TextBar /></p>}</Skeleton></section>
      {session.may(Permission.STOCK_READ) && (
        <section className="stack">
          <h2>{say("stock.title")}</h2>
          <StockBars />
          <h3>{say("stock.ledger")}</h3>
          <LedgerBars />
        </section>
      )}
    </article>
  );
}

function EditorBars() {
  return (
    <>
      <FieldBar label={say("product.name")} />
      <FieldBar label={say("product.description")} lines={6} />
      <div className="pair">
        <FieldBar label={say("product.category")} />
        <FieldBar label={say("product.price")} />
        <FieldBar label={say("product.status")} />
      </div>
      <fieldset className="stack part">
        <legend>{say("product.attributes")}</legend>
        <p className="soft">{say("product.attributes_help")}</p>
        <p><ControlBar>{say("attribute.add")}</ControlBar></p>
      </fieldset>
      <FieldBar label={say("product.images")} help={say("product.images_help")} lines={3} />
      <div className="actions"><ControlBar>{say("action.save")}</ControlBar></div>
    </>
  );
}
