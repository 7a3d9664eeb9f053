/** Everything that `skein bench` compares, in the order of its columns; the first is what the others are held against. */
import { go } from "./go.js";
import type { Implementation } from "./implementation.js";
import { skein } from "./skein.js";

export const implementations: readonly Implementation[] = [skein, go];
