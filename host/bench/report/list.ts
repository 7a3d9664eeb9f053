/** What `skein bench --list` prints. */
import type { Implementation } from "../implementations/implementation.js";
import type { Benchmark } from "../suite.js";
import { columns } from "./table.js";

export function list(benchmarks: readonly Benchmark[], implementations: readonly Implementation[]): string {
  const rows = benchmarks.map((benchmark) => [
    benchmark.name,
    benchmark.procs,
    benchmark.unit,
    wanted(benchmark),
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

function wanted({ target }: Benchmark): string {
  if (!target) return "";
  return target.kind === "ratio" ? `<= ${target.atMost.toFixed(2)}x ${target.to}` : `>= ${target.atLeast} x cores`;
}
