/**
 * Everything that `skein bench` compares, in the order of its columns; the first is what the others are held against. Which
 * of them a benchmark compares is in its definition.
 */
import { go } from "./go.js";
import type { Implementation } from "./implementation.js";
import { packages } from "./packages.js";
import { pythonLoops } from "./python.js";
import { servers } from "./servers.js";
import { skein, skeinGM, skeinNoPreempt } from "./skein.js";

export const implementations: readonly Implementation[] = [
  skein,
  go,
  skeinGM,
  skeinNoPreempt,
  ...packages,
  ...servers,
  ...pythonLoops,
];
