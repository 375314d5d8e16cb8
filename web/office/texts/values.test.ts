// A text is given the values that stand in it: of one that is missing, people would read "{{.Name}}".
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import ts from "typescript";
import office from "../../messages/en/office.json";
import sheets from "../../messages/en/office_sheets.json";

const texts: Readonly<Record<string, string | Readonly<Record<string, string>>>> = { ...office, ...sheets };
const ids = Object.keys(texts);

// The names of the values that stand in a text, in the order of the alphabet.
function valuesOf(id: string): string[] {
  const names = [...JSON.stringify(texts[id] ?? "").matchAll(/\{\{\.(\w+)\}\}/g)].map(([, name]) => name ?? "");
  return [...new Set(names)].sort();
}

// The name of what is called: "say" of say() and of words.say().
function called(node: ts.Expression): string {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  return ts.isIdentifier(node) ? node.text : "";
}

// The ids that a call can have, and the nodes that they stand in. One that is a variable is none of them.
function idsIn(node: ts.Expression): [string, ts.Node][] {
  if (ts.isStringLiteralLike(node)) return [[node.text, node]];
  if (ts.isConditionalExpression(node)) return [...idsIn(node.whenTrue), ...idsIn(node.whenFalse)];
  if (ts.isSatisfiesExpression(node)) return idsIn(node.expression);
  if (ts.isTemplateExpression(node)) return ids.filter((id) => id.startsWith(node.head.text)).map((id) => [id, node]);
  return [];
}

// The names of the values that a call gives, which stand in it as an object.
function givenBy(values: ts.Expression | undefined): string[] {
  if (!values) return [];
  if (!ts.isObjectLiteralExpression(values)) return ["?"];
  return values.properties.map(({ name }) => (name && ts.isIdentifier(name) ? name.text : "?")).sort();
}

// What a source says with other values than the text has. An id whose text has values stands in the call alone, so that none is overlooked.
function wrongIn(name: string, content: string): string[] {
  const wrong: string[] = [];
  const said = new Set<ts.Node>();
  const visit = (node: ts.Node): void => {
    const [first, second, third] = ts.isCallExpression(node) ? node.arguments : [];
    const how = ts.isCallExpression(node) ? called(node.expression) : "";
    if (first && (how === "say" || how === "count")) {
      const given = givenBy(how === "say" ? second : third).join();
      for (const [id, at] of idsIn(first)) {
        said.add(at);
        const wanted = valuesOf(id).filter((value) => how === "say" || value !== "Count").join();
        if (given !== wanted) wrong.push(`${name}: "${id}" has the values (${wanted}) and is given (${given})`);
      }
    } else if (ts.isStringLiteralLike(node) && !said.has(node) && valuesOf(node.text).length > 0) {
      wrong.push(`${name}: "${node.text}" has values, and is not said where it stands`);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(name, content, ts.ScriptTarget.Latest));
  return wrong;
}

test("a text that lacks a value, has one too many, or is said elsewhere is found", () => {
  for (const right of ['say("ship.done", { Number: order.number })', 'count("list.count", size)', 'say(`order.state.${state}`)', 'say(one ? "list.nothing" : "orders.empty")']) {
    assert.deepEqual(wrongIn("right.ts", right), [], right);
  }
  for (const wrong of [
    'say("ship.done")', 'say("ship.done", { Count: 1 })', 'say("ship.done", values)', 'say("nav.orders", { Number })', 'words.say("sheet.refunded_on")',
    'say(one ? "ship.done" : "nav.orders", { Number })', 'count("refund.submit_lines", 2)', 'const id = "ship.done"; say(id)',
  ]) assert.equal(wrongIn("wrong.ts", wrong).length, 1, wrong);
});

test("who says a text gives it its values", () => {
  const sources = ["components", "form", "rpc", "screens", "session", "texts", "../gallery"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /(?<!\.test)\.tsx?$/.test(name) && !name.startsWith("built")).map((name) => `${folder}/${name}`));
  assert.ok(sources.length > 100, `${sources.length} sources`);
  assert.deepEqual(sources.flatMap((name) => wrongIn(name, readFileSync(name, "utf8"))), []);
});
