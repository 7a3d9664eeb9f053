/**
 * Two dialects share this repository: TypeScript for the host, AssemblyScript for the core and for goroutine programs.
 * AssemblyScript puts decorators on functions, which TypeScript's parser reports but parses; `allowInvalidAST` lets
 * them through. Rules that need types run on the host alone.
 */
import js from "@eslint/js";
import tseslint from "typescript-eslint";
import rooms from "./scripts/rooms.mjs";

const typeScript = [
  "host/**/*.ts",
  "tests/bench/**/*.ts",
  "tests/compiler/*.ts",
  "tests/docs/*.ts",
  "tests/examples/*.ts",
  "tests/faults/*.ts",
  "tests/go/**/*.ts",
  "tests/host/**/*.ts",
  "tests/loop/*.ts",
  "tests/net/*.ts",
  "tests/piscina/*.ts",
  "tests/sockets/**/*.ts",
  "tests/programs/driver/**/*.ts",
  "tests/scripts/*.ts",
  "tests/serve/**/*.ts",
  "tests/stress/*.ts",
  "tests/sync/**/*.ts",
  "tests/threads/*.ts",
  "tests/threads/driver/*.ts",
  "tests/values/**/*.ts",
];
const unusedVars = ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrors: "none" }];

export default tseslint.config(
  { ignores: ["dist/", "dist-test/", "node_modules/", "tests/types/", "tests/**/bad/", "as-pect.config.js"] },
  {
    files: typeScript,
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
  { files: ["host/**/*.ts"], plugins: { rooms }, rules: { "rooms/floors": "error" } },
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
  {
    files: ["**/*.ts"],
    ignores: typeScript,
    languageOptions: { parser: tseslint.parser, parserOptions: { allowInvalidAST: true } },
    plugins: { "@typescript-eslint": tseslint.plugin },
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { args: "none", varsIgnorePattern: "^(_|sink$)" }],
      "no-var": "error",
      "no-unreachable": "error",
      "no-self-assign": "error",
      "no-unsafe-finally": "error",
    },
  },
);
