/**
 * What tools put into functions: a function that is sent as its source was written by a user and then rewritten by a compiler, a bundler
 * or a tool for tests, whose helpers are variables of the module around it. Those that are known here go along with the function.
 */

const SPREAD = "(to, from) => Object.assign(to, from)";
const REST = `(from, without) => Object.fromEntries(Reflect.ownKeys(from)
  .filter((key) => !without.includes(key) && Object.prototype.propertyIsEnumerable.call(from, key)).map((key) => [key, from[key]]))`;
const AWAITER = `(self, args, Its, body) => new (Its ?? Promise)((resolve, reject) => {
  const generator = body.apply(self, args ?? []);
  const step = (how, given) => {
    try {
      const { done, value } = generator[how](given);
      if (done) resolve(value);
      else Promise.resolve(value).then((value) => step("next", value), (error) => step("throw", error));
    } catch (error) { reject(error); }
  };
  step("next");
})`;
const IMPORT_DEFAULT = "(module) => module?.__esModule ? module : { default: module }";
const IMPORT_STAR = `(module) => module?.__esModule ? module : { ...module, default: module }`;
/** Counts what is covered where nobody looks: any property of any property of it can be counted up. */
const COUNTERS = `() => {
  const counts = new Proxy({}, { get: (its, key) => (typeof key === "symbol" ? undefined : (its[key] ??= [])) });
  const all = new Proxy({}, { get: (its, key) => (typeof key === "symbol" ? undefined : (its[key] ??= key === "b" || key === "bT" ? counts : [])) });
  return () => all;
}`;

/** Helpers as their source, by their names. */
const HELPERS: Readonly<Record<string, string>> = Object.assign(Object.create(null) as Record<string, string>, {
  // What esbuild, and what builds on it, has functions keep their names with.
  __name: `(fn, value) => Object.defineProperty(fn, "name", { value, configurable: true })`,
  __async: `(self, args, body) => (${AWAITER})(self, args, undefined, body)`,
  __spreadValues: SPREAD,
  __spreadProps: "(to, from) => Object.defineProperties(to, Object.getOwnPropertyDescriptors(from))",
  __objRest: REST,
  __publicField: `(object, key, value) =>
  (Object.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true }), value)`,
  // TypeScript's.
  __awaiter: AWAITER,
  __assign: "Object.assign",
  __rest: REST,
  __spreadArray: "(to, from) => to.concat(Array.prototype.slice.call(from))",
  __importStar: IMPORT_STAR,
  __importDefault: IMPORT_DEFAULT,
  // Babel's and swc's.
  _interopRequireWildcard: IMPORT_STAR,
  _interopRequireDefault: IMPORT_DEFAULT,
  _interop_require_wildcard: IMPORT_STAR,
  _interop_require_default: IMPORT_DEFAULT,
});

/** The source of the helper of that name, if it is one. */
export function helperNamed(name: string): string | undefined {
  // Jest's, vitest's and nyc's counters, one for each file.
  return /^cov_[a-z\d]+$/.test(name) ? `(${COUNTERS})()` : HELPERS[name];
}

/** What a tool has made of an import of the module around: `os` is `node_os_1` then, or `__vite_ssr_import_0__`. */
const IMPORTS = /^(?:__vite_ssr_import_\d+__|import_\w+|_?\w+_\d+|__WEBPACK_\w+)$/;
/** Helpers that stay behind. */
const LEFT_BEHIND =
  /^(?:__(?:generator|values|read|await|async[A-Z]\w*|decorate|param|metadata|esDecorate|runInitializers|webpack_require__|vite_ssr_import_meta__|commonJS|require|toESM|export)|_(?:async_to_generator|asyncToGenerator|object_spread\w*|objectSpread\w*|define_property|defineProperty|ts_generator))$/;

/** What to say of a name in an error: what it stands for, where a tool has put it in. */
export function nameInWords(name: string): string {
  if (LEFT_BEHIND.test(name)) return `${name} (which a compiler or bundler has put in; a newer target may do without)`;
  return IMPORTS.test(name) ? `${name} (an import of its module)` : name;
}
