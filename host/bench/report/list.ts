/** What `skein bench --list` prints. */
import { wording, type Benchmark } from "../benchmark.js";
import type { Implementation } from "../implementations/implementation.js";
import { columns } from "../../base/columns.js";

export function list(benchmarks: readonly Benchmark[], implementations: readonly Implementation[]): string {
  const rows = benchmarks.map((benchmark) => [
    benchmark.name,
    String(benchmark.procs),
    benchmark.unit,
    (benchmark.targets ?? []).map(wording).join(", "),
    benchmark.description,
  ]);
  return (
    columns(["benchmark", "procs", "unit", "target", "what it does"], rows, ["left", "left", "left", "left", "left"]) +
    "\n" +
    columns(
      ["implementation", "what it runs"],
      implementations.map(({ name, description }) => [name, description]),
      ["left", "left"],
    )
  );
}
