/** What needs AssemblyScript: loaded as one file, and only by who compiles (`index.ts`). */
export { Begun, compileProgram, CPart } from "./compile.js";
export { loadTransforms } from "./transforms.js";
export { RULES } from "./vet/rules/index.js";
export { vetProgram } from "./vet/vet.js";
