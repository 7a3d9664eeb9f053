/**
 * Everything that `skein bench` compares, in the order of its columns; the first is what the others are held against. Which
 * of them a benchmark compares is in its definition.
 */
import { evio, go } from "./go.js";
import type { Implementation } from "./implementation.js";
import { native, wasi } from "./native.js";
import { packages } from "./packages.js";
import { pythonLoops } from "./python.js";
import { servers } from "./servers.js";
import { skein, skeinC, skeinGCOff, skeinGM, skeinNoBarrier, skeinNoPreempt, skeinServe } from "./skein.js";

export const implementations: readonly Implementation[] = [
  skein,
  ...skeinServe,
  skeinC,
  go,
  evio,
  skeinGM,
  skeinNoPreempt,
  skeinGCOff,
  skeinNoBarrier,
  ...packages,
  ...servers,
  ...pythonLoops,
  native,
  wasi,
];
