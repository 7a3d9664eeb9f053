/**
 * The ESLint rule `rooms/exports`: what a file of `assembly/` exports somebody uses. AssemblyScript has no checker that says so.
 *
 * A name counts as used where it stands as a word in another file: of `assembly/`, its C too, of `include/`, of the host, whose compiler finds functions of the
 * core by their names, or of tests; a member of a namespace also in its own. What the host calls (`@host`), and what AssemblyScript
 * itself knows (`@global`), is used.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const USERS = ["assembly", "include", "host", "tests/core", "tests/threads"];
/** What programs import, or wasi-libc does, and nobody here. */
const API =
  /^assembly\/std\/(?:skein\/(?:bufio|container|context|encoding|errgroup|errors|exec|fmt|hash|io|json|loop|net|os|rate|signal|singleflight|strconv|strings|sync|c\/(?:wasi|fd|path|poll|wasisock))|console|process)\.ts$/;

let words;

/** For each word of the sources, the files that it stands in. */
function index() {
  const found = new Map();
  for (const folder of USERS) {
    for (const name of readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })) {
      if (!/\.(?:ts|c|h)$/.test(name) || (folder === "host" && name.startsWith("abi"))) continue;
      const file = path.join(root, folder, name);
      for (const word of new Set(readFileSync(file, "utf8").match(/[A-Za-z_]\w*/g))) {
        if (!found.has(word)) found.set(word, []);
        found.get(word).push(file);
      }
    }
  }
  return found;
}

function namesOf({ declaration }) {
  if (declaration === null) return [];
  if (declaration.declarations !== undefined) return declaration.declarations.map(({ id }) => id);
  return declaration.id == null ? [] : [declaration.id];
}

export const unusedExports = {
  meta: { type: "problem", schema: [] },
  create(context) {
    if (API.test(path.relative(root, context.filename).split(path.sep).join("/"))) return {};
    words ??= index();
    return {
      ExportNamedDeclaration(node) {
        const before = context.sourceCode.text.slice(0, node.declaration?.range[0]).split("\n\n").at(-1);
        if (/@(?:host|global)\b/.test(before)) return;
        const isMember = node.parent.type === "TSModuleBlock";
        // Values of the records' enumerations are listed for completeness, be they read or not.
        if (isMember && /assembly.abi/.test(context.filename)) return;
        for (const id of namesOf(node)) {
          const { name } = id;
          const isUsed =
            words.get(name)?.some((file) => file !== context.filename) ||
            (isMember && context.sourceCode.text.match(new RegExp(`\\b${name}\\b`, "g")).length > 1);
          if (!isUsed) context.report({ node: id, message: `nobody imports ${name}` });
        }
      },
    };
  },
};
