// What the rules of our own find, and what they leave alone, in files that are not there.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { ESLint } from 'eslint';

const eslint = new ESLint({ cwd: join(import.meta.dirname, '../..'), overrideConfigFile: join(import.meta.dirname, 'eslint.config.js') });

const rules = {
  'no area of the office imports another': {
    path: 'web/office/screens/orders/Made.tsx',
    found: ['import "../products/Product";', 'import "../../screens/products/Product";', 'export * from "../Shell";', 'void import("../products/Product");', 'void import("../../screens/Shell");', 'void import(`../${name}/Product`);'],
    fine: ['import "./Lines";', 'import "../../components/Button";', 'void import("./CorrectDialog");', 'void import("../../components/Tree");'],
  },
  'what screens are made of knows no screen': {
    path: 'web/office/components/Made.tsx',
    found: ['import "../screens/orders/Orders";', 'void import("../screens/orders/Orders");'],
    fine: ['import "../form/draft";', 'void import("./Tree");'],
  },
  'nothing is fetched in an effect': {
    path: 'web/office/components/Made.tsx',
    found: [
      'useEffect(() => { fetch("/"); }, []);',
      'useLayoutEffect(() => { window.fetch("/"); });',
      'React.useEffect(() => { createClient(service, transport); });',
      'useInsertionEffect(() => { void orders.getOrder({ id }); });',
      'useEffect(() => { orders.getOrder({ id }).then(set); });',
      'useEffect(() => { (async () => { set(await orders.getOrder({ id })); })(); });',
      'useEffect(() => { queries.fetchQuery(order); change.mutate({ id }); });',
    ],
    fine: ['useEffect(() => { window.addEventListener("keydown", hear); });', 'const order = useQuery(getOrder, { id });', 'const press = () => void ship.mutateAsync({ id });'],
  },
  'no text is outside of the catalogs': {
    path: 'web/office/components/Made.tsx',
    found: [
      '<p>Orders</p>;',
      '<p>Paid by <b>{name}</b></p>;',
      '<p>{"paid"}</p>;',
      '<p>{`${name} is paid`}</p>;',
      '<p>{paid ? "Paid" : say("open")}</p>;',
      '<p>{name || "nobody"}</p>;',
      '<Field help="such as DE" />;',
      '<Field aria-label={`Field ${name}`} />;',
      '<Field label={wide ? "Everything" : say("all")} />;',
      '<Field name="What it is called" />;',
      'const words = { empty: "Nothing is there" };',
      'const words = `Nothing is there for ${name}`;',
    ],
    fine: ['<p><bdi>{name}</bdi> · {say("order.paid")} → –</p>;', '<Field name="contact.email" kind={wide ? "quiet" : "bad"} label={say("contact.email")} />;', '<p>{kind === "paid" && <kbd>j</kbd>}</p>;', 'const key = "Enter";'],
  },
  'a test may have texts': { path: 'web/office/screens/orders/made.test.ts', found: [], fine: ['test("Blue mugs are sold", () => {});'] },
};

for (const [name, { path, found, fine }] of Object.entries(rules)) {
  test(name, async () => {
    for (const code of [...found, ...fine]) {
      const [{ messages }] = await eslint.lintText(`${code}\n`, { filePath: join(import.meta.dirname, '../..', path) });
      const broken = messages.map(({ ruleId, message }) => `${ruleId ?? 'no rule'}: ${message}`);
      if (found.includes(code)) assert.ok(broken.some((text) => /^no-restricted-/.test(text)), `${code} is let through, ${broken.join()}`);
      else assert.deepEqual(broken, [], code);
    }
  });
}
