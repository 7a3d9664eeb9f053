/** What `current()` gives on a thread of a runtime. */
import { present } from "../base/present.js";
import { SyncMembers } from "../sync/members.js";
import type { Sync } from "../sync/sync.js";
import type { GoTasks } from "./tasks.js";
import type { Go, Scope, Thread } from "./thread.js";

/** A thread, as the functions that it runs see it. */
export class ThreadScope extends SyncMembers implements Scope {
  readonly #thread: Thread;

  /** @internal */
  constructor(thread: Thread) {
    super();
    this.#thread = thread;
  }

  /** @internal */
  protected get sync(): Sync {
    return this.#thread.sync;
  }

  get go(): Go {
    return this.#thread.go;
  }

  tasks<M>(url: string | URL): GoTasks<M> {
    return this.#thread.tasks<M>(url);
  }

  /** @internal From now on the thread takes turns of its event loop whenever it waits. */
  keepTurning(): void {
    this.#thread.hold();
  }
}

present(ThreadScope, "Scope", () => ({}), "it is a running scheduler, and no data");
