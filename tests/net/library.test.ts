/** Sockets of programs that a process runs with `start`: they end with their runtime, however that ends. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { start, type Runtime } from "../../host/index.js";
import { buildOf } from "../programs/driver/builds.js";
import { root, runSkein, skeinCommand } from "../programs/driver/process.js";
import { eventually, pollers } from "./server.js";

/** Descriptors of this process that are sockets or belong to a netpoller. */
function descriptors(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return /^socket:|eventpoll|eventfd/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false;
    }
  }).length;
}

function connect(where: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(where, () => resolve(socket));
    socket.once("error", reject);
    socket.on("error", () => {});
  });
}

let names = 0;

/** Runs the echo server on a path of its own, and connects to it. */
async function serving(rt: Runtime): Promise<{ socket: net.Socket; ended: Promise<unknown> }> {
  const where = `/tmp/skein-library-${process.pid}-${names++}.sock`;
  const ended = rt.run([`unix://${where}`]).catch((error: unknown) => error);
  for (let tries = 0; ; tries++) {
    try {
      return { socket: await connect(where), ended };
    } catch (error) {
      if (tries > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function answer(socket: net.Socket, text: string): Promise<string> {
  return new Promise((resolve) => {
    socket.once("data", (data: Buffer) => resolve(data.toString()));
    socket.write(text);
  });
}

for (const poller of pollers) {
  describe(`sockets of a runtime [${poller}]`, () => {
    it("are closed with it, and leave nothing behind", async () => {
      const program = await buildOf("examples/net/echo-server.ts");
      let before = 0;
      for (let cycle = 0; cycle < 6; cycle++) {
        // The first leaves what the process keeps: the library through which it calls the system, say.
        if (cycle === 1) before = descriptors();
        const rt = await start({ program, procs: 2, poller });
        const { socket, ended } = await serving(rt);
        assert.equal(await answer(socket, "hello"), "hello");
        const gone = new Promise((resolve) => socket.once("close", resolve));
        const started = performance.now();
        await rt.close();
        assert.ok(performance.now() - started < 30_000, "closing does not wait for the network");
        await Promise.all([gone, ended]);
      }
      await eventually(() => descriptors() <= before, `no more than ${before} descriptors are left`);
    });

    it("say what they are made of, and why", async () => {
      const rt = await start({ poller });
      const { poller: choice } = rt.stats();
      assert.equal(choice.name, poller);
      assert.match(choice.reason, poller === "epoll" ? /^system calls through \w/ : /^asked for$/);
      await rt.close();
    });
  });
}

describe("the choice of the poller", () => {
  it("is checked", async () => {
    await assert.rejects(
      start({ poller: "kqueue" as "auto" }),
      /poller must be "auto", "epoll" or "stdlib", not "kqueue"/,
    );
  });

  it("is told where SKEIN_DEBUG asks for it", async () => {
    const program = await buildOf("tests/programs/net/ends.ts");
    const args = ["run", program, "--poller", "stdlib", "--", "exit"];
    const { stderr } = await runSkein(args, { env: { SKEIN_DEBUG: "poller=1" } });
    assert.equal(stderr, "POLLER stdlib: asked for\n");
  });

  it("of skein run is checked too", async () => {
    const [command, ...before] = skeinCommand();
    const result = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      const file = path.join(root, "examples", "hello.ts");
      execFile(command, [...before, "run", file, "--poller", "x"], (error, _stdout, stderr) =>
        resolve({ code: error?.code, stderr }),
      );
    });
    assert.notEqual(result.code, undefined);
    assert.match(result.stderr, /--poller.*x.*auto, epoll, stdlib/);
  });
});

describe("a process with a runtime whose sockets wait", () => {
  for (const way of ["throws", "calls process.exit"]) {
    it(`ends at once when it ${way}`, async () => {
      const program = await buildOf("examples/net/echo-server.ts");
      const text = `
        import { start } from ${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href.replace("/dist-test/dist/", "/dist/"))};
        const rt = await start({ program: ${JSON.stringify(program)} });
        rt.run(["unix:///tmp/skein-exit-${process.pid}-${names++}.sock"]).catch(() => {});
        setTimeout(() => { ${way === "throws" ? 'throw new Error("enough")' : "process.exit(7)"}; }, 1500);
      `;
      const started = performance.now();
      const code = await new Promise((resolve) => {
        execFile(process.execPath, ["--input-type=module", "-e", text], { timeout: 60_000 }, (error) =>
          resolve(error?.code),
        );
      });
      assert.equal(code, way === "throws" ? 1 : 7);
      assert.ok(performance.now() - started < 50_000, "without waiting for the network");
    });
  }
});

it("a runtime may be closed while its threads are just starting", async () => {
  const program = await buildOf("examples/net/echo-server.ts");
  for (let i = 0; i < 30; i++) {
    const rt = await start({ program, procs: 4 });
    await new Promise((resolve) => setTimeout(resolve, (i * 3) % 50));
    await rt.close();
  }
});
