// Builds the office into built/, which the shop's program embeds: index.html, and assets/ with
// a compressed form of each file beside it. With --test, the tests into built-tests/; with
// --gallery, the gallery of its components into ../gallery/built/, which no program embeds.
import { build } from "esbuild";
import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

// The budgets, in bytes as brotli sends them: what the first page loads, and what any other adds, or a part that is loaded on demand.
const FIRST = 260_000;
const ROUTE = 40_000;

const common = {
  bundle: true,
  format: "esm",
  target: "es2023",
  charset: "utf8",
  tsconfig: "tsconfig.json",
  absWorkingDir: import.meta.dirname,
  logLevel: "warning",
  define: { "process.env.NODE_ENV": '"production"' },
};

// Leaves out React Aria's texts in languages that the office does not have.
const ownLocales = {
  name: "own-locales",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/intl\/.*[a-z]{2}-[A-Z]{2}\.mjs$/ }, ({ path }) => (/(en-US|de-DE)\.mjs$/.test(path) ? undefined : { path, namespace: "no-texts" }));
    onLoad({ filter: /./, namespace: "no-texts" }, () => ({ contents: "export default {}" }));
  },
};

if (process.argv.includes("--test")) {
  await rm("built-tests", { recursive: true, force: true });
  const tests = (await readdir(".", { recursive: true })).filter((name) => name.endsWith(".test.ts") && !name.startsWith("node_modules"));
  await build({ ...common, entryPoints: tests, outdir: "built-tests", outExtension: { ".js": ".mjs" }, platform: "node", external: ["typescript"] });
} else if (process.argv.includes("--gallery")) {
  await gallery();
} else {
  await office();
}

// React Aria's texts are there in all languages: in Arabic, its components go from right to left.
async function gallery() {
  await rm("../gallery/built", { recursive: true, force: true });
  await build({
    ...common,
    entryPoints: [{ in: "../gallery/main.ts", out: "gallery" }, { in: "../gallery/gallery.css", out: "gallery" }],
    outdir: "../gallery/built",
    splitting: true,
    nodePaths: [join(import.meta.dirname, "node_modules")],
  });
  await copyFile("../gallery/index.html", "../gallery/built/index.html");
}

async function office() {
  await rm("building", { recursive: true, force: true });
  const { metafile } = await build({
    ...common,
    entryPoints: { office: "main.tsx", style: "style/office.css" },
    outdir: "building/assets",
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    splitting: true,
    minify: true,
    metafile: true,
    legalComments: "none",
    plugins: [ownLocales],
  });
  const sizes = new Map();
  for (const path of Object.keys(metafile.outputs)) {
    const content = await readFile(path);
    const small = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } });
    sizes.set(path, small.length);
    await writeFile(`${path}.br`, small);
    await writeFile(`${path}.gz`, gzipSync(content, { level: 9 }));
  }
  const entry = (name) => Object.keys(metafile.outputs).find((path) => metafile.outputs[path].entryPoint === name);
  const main = entry("main.tsx");
  const style = entry("style/office.css");
  const first = statics(metafile, main);
  const href = (path) => `/office/${path.slice("building/".length)}`;
  const files = [
    `<link rel="stylesheet" href="${href(style)}">`,
    ...[...first].filter((path) => path !== main).map((path) => `<link rel="modulepreload" href="${href(path)}">`),
    `<script type="module" src="${href(main)}"></script>`,
  ];
  await writeFile("building/index.html", (await readFile("index.html", "utf8")).replace("FILES", () => files.join("\n")));
  weigh(metafile, sizes, new Set([...first, style]));
  await swap();
}

// swap puts what was built in the place of what was there, at once: Go may be reading it.
async function swap() {
  await mkdir("built", { recursive: true });
  for (const name of ["index.html", "assets"]) {
    await rm(`built/${name}`, { recursive: true, force: true });
    await rename(`building/${name}`, `built/${name}`);
  }
  await rm("building", { recursive: true });
}

// statics are a file and all that it imports at once.
function statics(metafile, path, seen = new Set()) {
  if (!seen.has(path)) {
    seen.add(path);
    for (const used of metafile.outputs[path].imports) {
      if (used.kind === "import-statement") statics(metafile, used.path, seen);
    }
  }
  return seen;
}

// weigh fails where the office has become larger than its budgets.
function weigh(metafile, sizes, first) {
  const sum = (paths) => [...paths].reduce((bytes, path) => bytes + sizes.get(path), 0);
  console.log(`the office: ${sum(first)} bytes at first, ${sum(sizes.keys())} in all`);
  if (sum(first) > FIRST) throw new Error(`the first page loads ${sum(first)} bytes, want ${FIRST} at most`);
  for (const path of sizes.keys()) {
    for (const used of metafile.outputs[path].imports.filter((one) => one.kind === "dynamic-import")) {
      const there = new Set([...first, ...statics(metafile, path)]);
      const more = sum([...statics(metafile, used.path)].filter((one) => !there.has(one)));
      if (more > ROUTE) throw new Error(`${used.path} adds ${more} bytes, want ${ROUTE} at most`);
    }
  }
}
