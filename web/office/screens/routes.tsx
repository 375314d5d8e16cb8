// The addresses of the office. Each screen is loaded when it is first opened; a file that a new
// build has replaced reloads the page once (lazyRouteComponent), and drafts outlive that.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Skeleton, TextBar } from "../components/Skeleton";
import { Pending } from "../components/States";
import { fileOf } from "../form/leaving";
import { setOnly, textOf, understood } from "../rpc/search";
import { shop } from "../rpc/shop";
import { say } from "../texts/say";
import { Shell } from "./Shell";
import { activitySearch } from "./activity/search";
import { customerSearch } from "./customers/search";
import { mailSearch, previewSearch } from "./mails/search";
import { orderSearch } from "./orders/search";
import { printSearch } from "./print/search";
import { gridSearch, productSearch } from "./products/search";
import { settingsSearch } from "./settings/search";

const root = createRootRoute({ component: Shell, notFoundComponent: () => <h1>{say("state.not_found")}</h1> });

const getParentRoute = () => root;
const paged = (raw: Record<string, unknown>) => setOnly<{ page?: string }>({ page: textOf(raw, "page") });

// Not within the call below: their paths would lose their types.
const screens = {
  today: createRoute({ getParentRoute, path: "/", component: lazyRouteComponent(() => fileOf(import("./today/Today")), "Today") }),
  orders: createRoute({ getParentRoute, path: "/orders", validateSearch: understood(orderSearch), component: lazyRouteComponent(() => fileOf(import("./orders/Orders")), "Orders") }),
  order: createRoute({ getParentRoute, path: "/orders/$id", component: lazyRouteComponent(() => fileOf(import("./orders/Order")), "OrderScreen") }),
  print: createRoute({ getParentRoute, path: "/print", validateSearch: understood(printSearch), component: lazyRouteComponent(() => fileOf(import("./print/Print")), "Print") }),
  products: createRoute({ getParentRoute, path: "/products", validateSearch: understood(productSearch), component: lazyRouteComponent(() => fileOf(import("./products/Products")), "Products") }),
  grid: createRoute({ getParentRoute, path: "/products/grid", validateSearch: understood(gridSearch), component: lazyRouteComponent(() => fileOf(import("./products/Grid")), "Grid") }),
  product: createRoute({ getParentRoute, path: "/products/$id", validateSearch: understood(paged), component: lazyRouteComponent(() => fileOf(import("./products/Product")), "ProductScreen") }),
  categories: createRoute({ getParentRoute, path: "/categories", component: lazyRouteComponent(() => fileOf(import("./categories/Categories")), "Categories") }),
  contradictions: createRoute({ getParentRoute, path: "/contradictions", validateSearch: understood(paged), component: lazyRouteComponent(() => fileOf(import("./contradictions/Contradictions")), "Contradictions") }),
  stock: createRoute({ getParentRoute, path: "/stock", validateSearch: understood(paged), component: lazyRouteComponent(() => fileOf(import("./stock/LowStock")), "LowStock") }),
  mails: createRoute({ getParentRoute, path: "/mails", validateSearch: understood(mailSearch), component: lazyRouteComponent(() => fileOf(import("./mails/Mails")), "Mails") }),
  preview: createRoute({ getParentRoute, path: "/mails/preview", validateSearch: understood(previewSearch), component: lazyRouteComponent(() => fileOf(import("./mails/Preview")), "Preview") }),
  mail: createRoute({ getParentRoute, path: "/mails/$id", component: lazyRouteComponent(() => fileOf(import("./mails/Mail")), "MailScreen") }),
  customers: createRoute({ getParentRoute, path: "/customers", validateSearch: understood(customerSearch), component: lazyRouteComponent(() => fileOf(import("./customers/Customers")), "Customers") }),
  customer: createRoute({ getParentRoute, path: "/customers/$id", validateSearch: understood(paged), component: lazyRouteComponent(() => fileOf(import("./customers/Customer")), "CustomerScreen") }),
  staff: createRoute({ getParentRoute, path: "/staff", validateSearch: understood(paged), component: lazyRouteComponent(() => fileOf(import("./staff/Staff")), "Staff") }),
  settings: createRoute({ getParentRoute, path: "/settings", validateSearch: understood(settingsSearch), component: lazyRouteComponent(() => fileOf(import("./settings/Settings")), "SettingsScreen") }),
  activity: createRoute({ getParentRoute, path: "/activity", validateSearch: understood(activitySearch), component: lazyRouteComponent(() => fileOf(import("./activity/Activity")), "ActivityScreen") }),
};

const tree = root.addChildren(screens);

/** The router of the office. */
export function routerOf() {
  return createRouter({
    routeTree: tree,
    basepath: "/office",
    defaultPreload: "intent",
    defaultPendingComponent: () => <Skeleton><TextBar /></Skeleton>,
    defaultErrorComponent: ({ error, reset }) => <Pending title={shop().name} error={error} retry={reset} />,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof routerOf>;
  }
}
