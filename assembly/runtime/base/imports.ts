/**
 * What the host gives to the core. `docs/internals.md` says what each means; the four at the end come from Asyncify.
 *
 * On whichever stack the caller is, on its thread.
 */

/** Monotonic nanoseconds since the program's epoch, the same clock on all threads. */
@external("skein", "nanotime")
export declare function hostNanotime(): f64;

/** Writes `len` bytes to descriptor 1 or 2, blocking this thread until all of them are out. */
@external("skein", "write")
export declare function hostWrite(fd: i32, ptr: usize, len: i32): void;

/** Stops this M for good: the exit code is already in `sched`. Does not return. */
@external("skein", "exit")
export declare function hostExit(code: i32): void;

/** Reports a panic of the current goroutine; the message is UTF-8. Does not return. */
@external("skein", "panic")
export declare function hostPanic(ptr: usize, len: i32): void;

/** The same once more, of what was thrown before, with the stack that it had. Does not return. */
@external("skein", "rethrow")
export declare function hostRethrow(ptr: usize, len: i32, trace: usize, traceLen: i32): void;

/**
 * Calls `invoke` with the address of an Attempt, and catches what a panic throws: 0, or a Text. What is called may unwind and rewind
 * (`goroutine/unwind.ts`).
 */
@external("skein", "attempt")
export declare function hostAttempt(at: usize): usize;

/** Ends the program with a fatal error; the text is UTF-8 and complete. Does not return. */
@external("skein", "fatal")
export declare function hostFatal(ptr: usize, len: i32): void;

/** The program's arguments as UTF-16, each ended by a zero unit; returns the bytes needed, writes only what fits. */
@external("skein", "args")
export declare function hostArgs(ptr: usize, cap: i32): i32;

/** An environment variable, UTF-16, lengths in bytes; -1 if unset, else the bytes needed; writes only what fits. */
@external("skein", "env")
export declare function hostEnv(name: usize, nameLen: i32, ptr: usize, cap: i32): i32;

/** The whole environment as UTF-8, each `name=value` ended by a zero byte; returns the bytes needed, writes only what fits. */
@external("skein", "environ")
export declare function hostEnviron(ptr: usize, cap: i32): i32;

/** Fills memory with random bytes that nobody can predict. */
@external("skein", "random")
export declare function hostRandom(ptr: usize, len: i32): void;

/** The frames of user functions on this thread's stack, as UTF-8 text ready to print; returns its length, writes `cap` at most. */
@external("skein", "traceback")
export declare function hostTraceback(ptr: usize, cap: i32): i32;

/** Reads from standard input what there is, at most `len` bytes, waiting for the first; 0 at the end, or if it fails. */
@external("skein", "read")
export declare function hostRead(ptr: usize, len: i32): i32;

/** Reads a whole file (path in UTF-16, length in bytes) and keeps it for hostReadFileTake; its size, or -1. */
@external("skein", "readFile")
export declare function hostReadFile(path: usize, pathLen: i32): i32;

/** Copies the file that this thread has just read, and lets go of it. */
@external("skein", "readFileTake")
export declare function hostReadFileTake(ptr: usize, len: i32): void;

/** Makes the call about files at `call` (FileCall): its answer, or -errno, in WASI's numbers. May block. */
@external("skein", "file")
export declare function hostFile(call: usize): i32;

/**
 * How long the thread with that number in the system has run, in ns; 0 if it blocks, and wants no processor since this was asked about
 * it last; -1 if that cannot be told. sysmon's.
 */
@external("skein", "thread_time")
export declare function hostThreadTime(tid: i32): f64;

/** Runs the JavaScript goroutine of a record (a JsGo); returns one of RunJs. */
@external("skein", "run_js")
export declare function hostRunJs(record: usize): i32;


@external("asyncify", "start_unwind")
export declare function startUnwind(data: usize): void;


@external("asyncify", "stop_unwind")
export declare function stopUnwind(): void;


@external("asyncify", "start_rewind")
export declare function startRewind(data: usize): void;


@external("asyncify", "stop_rewind")
export declare function stopRewind(): void;
