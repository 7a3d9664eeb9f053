/**
 * Two dialects share this repository: TypeScript for the host and for tests, AssemblyScript for the core and for goroutine programs.
 * `tsconfig.json` says which files are TypeScript, here and for Prettier: the host, and of tests what is no program and no unit of the
 * core. Rules that need types run on these.
 */
import { readFileSync } from "node:fs";
import js from "@eslint/js";
import tseslint from "typescript-eslint";
import rooms from "./scripts/rooms.mjs";

/** What is TypeScript; all else that ends in .ts is AssemblyScript. */
const { include, exclude } = JSON.parse(readFileSync(new URL("tsconfig.json", import.meta.url), "utf8"));
/** Decorators on functions TypeScript's parser reports but parses. */
const assemblyScript = {
  languageOptions: { parser: tseslint.parser, parserOptions: { allowInvalidAST: true } },
  plugins: { "@typescript-eslint": tseslint.plugin },
  rules: {
    "@typescript-eslint/no-unused-vars": ["error", { args: "none", varsIgnorePattern: "^(_|sink$)" }],
    "no-var": "error",
    "no-unreachable": "error",
    "no-self-assign": "error",
    "no-unsafe-finally": "error",
  },
};
const unusedVars = ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrors: "none" }];

export default tseslint.config(
  { ignores: ["dist/", "dist-test/", "node_modules/", "tests/types/", "tests/**/bad/", "as-pect.config.js"] },
  {
    files: include,
    ignores: exclude,
    extends: [js.configs.recommended, ...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-unused-vars": unusedVars,
      // What is read from the program's memory is a number, whatever the enumeration that it is of.
      "@typescript-eslint/no-unsafe-enum-comparison": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          allowForKnownSafeCalls: [
            { from: "package", package: "node:test", name: ["test", "it", "describe", "suite"] },
          ],
        },
      ],
      "no-var": "error",
      "prefer-const": "error",
      eqeqeq: "error",
    },
  },
  { files: ["host/**/*.ts", "assembly/**/*.ts"], plugins: { rooms }, rules: { "rooms/floors": "error" } },
  {
    files: ["assembly/**/*.ts"],
    ignores: ["assembly/layout.ts"],
    plugins: { rooms },
    rules: { "rooms/exports": "error" },
  },
  {
    files: ["scripts/**/*.mjs", "bin/**/*.js", "*.js"],
    extends: [js.configs.recommended],
    languageOptions: {
      globals: {
        process: "readonly",
        console: "readonly",
        URL: "readonly",
        globalThis: "readonly",
        performance: "readonly",
      },
    },
  },
  { files: ["**/*.ts"], ignores: include, ...assemblyScript },
  { files: exclude, ...assemblyScript },
);
