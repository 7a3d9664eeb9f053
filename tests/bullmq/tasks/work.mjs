/** A processor with a part for each test, by the job's name. */
import process from "node:process";

export default async function (job, token, signal) {
  switch (job.name) {
    case "spin": {
      const end = performance.now() + job.data.ms;
      while (performance.now() < end);
      return job.data.ms;
    }
    case "progress":
      await job.updateProgress(10);
      await job.log("a line");
      await job.updateData({ ...job.data, seen: true });
      await job.updateProgress({ done: true });
      return [job.data, job.progress, job.queueName, job.attemptsMade];
    case "hasty": // waits for nothing of what it asks for
      for (let i = 0; i < 100; i++) void job.log(`line ${i}`);
      return job.extendLock(token, 5000);
    case "fail":
      throw Object.assign(new RangeError("what went wrong"), { code: "E_JOB" });
    case "text":
      throw "only a text";
    case "final":
      throw Object.assign(new Error("never again"), { name: "UnrecoverableError" });
    case "later":
      if (job.data.isBack === true) return "back";
      await job.updateData({ isBack: true });
      await job.moveToDelayed(Date.now() + 50, token);
      throw Object.assign(new Error(), { name: "DelayedError" });
    case "refused":
      void job.moveToDelayed(Date.now(), "somebody else's token");
      // Its channel is closed long before this has arrived.
      return Array.from({ length: job.data.length ?? 0 }, (_, i) => ({ i }));
    case "die":
      return process.exit(3);
    case "cancelled":
      return new Promise((resolve, reject) =>
        signal.addEventListener("abort", () => reject(new Error(`heard: ${signal.reason}`))),
      );
    case "deaf":
      return new Promise((resolve) => signal.addEventListener("abort", () => setTimeout(resolve, 300, "went on")));
    default:
      return process.pid;
  }
}
