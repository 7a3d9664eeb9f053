/** What a worker says of itself to those who watch over it: /healthz, and /metrics in the format of Prometheus. */
import type { ClusterStats, WorkerStats } from "./stats.js";

/** The answer to a request. */
export function answer(url: string, stats: ClusterStats): { readonly status: number; readonly text: string } {
  const { pathname } = new URL(url, "http://worker");
  if (pathname === "/healthz") return healthOf(stats);
  if (pathname === "/metrics") return { status: 200, text: metricsOf(stats) };
  return { status: 404, text: "there are /healthz and /metrics\n" };
}

/** It is well while it is connected and takes calls. */
function healthOf({ connected, workers }: ClusterStats): { status: number; text: string } {
  if (!connected) return { status: 503, text: "not connected\n" };
  if (workers.length === 0 || workers.some(({ draining }) => draining))
    return { status: 503, text: "takes no calls\n" };
  return { status: 200, text: "ok\n" };
}

function metricsOf({ name, connected, workers }: ClusterStats): string {
  const sum = (of: (worker: WorkerStats) => number): number => workers.reduce((all, worker) => all + of(worker), 0);
  const metrics: [metric: string, type: string, help: string, value: number][] = [
    ["connected", "gauge", "whether there is a connection to the server", connected ? 1 : 0],
    ["capacity", "gauge", "calls held at a time", sum((worker) => worker.capacity)],
    ["running", "gauge", "calls that run", sum((worker) => worker.running)],
    ["waiting", "gauge", "calls that wait here for a P", sum((worker) => worker.waiting)],
    ["done_total", "counter", "calls that have returned", sum((worker) => worker.done)],
    ["failed_total", "counter", "attempts that have failed", sum((worker) => worker.failed)],
    ["retried_total", "counter", "failed attempts that are followed by another", sum((worker) => worker.retried)],
    ["dead_total", "counter", "calls that have become dead letters", sum((worker) => worker.dead)],
  ];
  return metrics
    .map(([metric, type, help, value]) => {
      const full = `skein_worker_${metric}`;
      return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${full}{cluster="${name}"} ${value}\n`;
    })
    .join("");
}
