/** What `tsconfig.json` does not have as TypeScript is AssemblyScript, whose decorators stand where TypeScript allows none. */
import { readFileSync } from "node:fs";

const { include, exclude } = JSON.parse(readFileSync(new URL("tsconfig.json", import.meta.url), "utf8"));
const options = { plugins: ["assemblyscript-prettier"] };

export default {
  printWidth: 120,
  overrides: [
    { files: ["**/*.ts"], excludeFiles: include, options },
    { files: exclude, options },
  ],
};
