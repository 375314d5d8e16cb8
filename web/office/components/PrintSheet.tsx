import type { ReactNode } from "react";
import { shop } from "../rpc/shop";

interface PrintSheetProps {
  /** What it is, such as a receipt. */
  name: string;
  children: ReactNode;
  /** Its language and direction, where they can be other than the office's. */
  lang?: string;
  dir?: "ltr" | "rtl";
}

/** A sheet of paper of the shop's. */
export function PrintSheet({ name, children, lang, dir }: PrintSheetProps) {
  return (
    <section className="print-sheet" {...(lang && { lang })} {...(dir && { dir })}>
      <header className="heading"><strong><bdi>{shop().name}</bdi></strong><span>{name}</span></header>
      {children}
    </section>
  );
}
