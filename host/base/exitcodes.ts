/**
 * The exit codes of `skein`, besides what a program itself ends with (0 to 255).
 */

/** Something kept a command from doing its work: a wrong command line, a missing file, a program that does not compile. */
export const EXIT_REFUSED = 1;

/** A panic or a fatal error ended the program, as in Go. */
export const EXIT_PANIC = 2;

/** A signal ended the program, as shells show it. */
export const EXIT_SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** The reader of the output has gone: what SIGPIPE would have ended with. */
export const EXIT_SIGPIPE = 141;

/** A thread that could not begin for want of descriptors or memory ends with this: the system's EX_TEMPFAIL. */
export const EXIT_SHORTAGE = 75;
