/**
 * There is no leaving a function of C for one further up its stack: calls are WebAssembly's own, of which only traps unwind. What uses these
 * functions only to report errors is most easily changed to return them.
 */
#ifndef SKEIN_SETJMP_H
#define SKEIN_SETJMP_H

#error "Skein has no setjmp and longjmp (docs/c.md, What there is not)"

/* So that nothing else is said. */
typedef int jmp_buf[1];
typedef int sigjmp_buf[1];
int setjmp(jmp_buf);
int _setjmp(jmp_buf);
int sigsetjmp(sigjmp_buf, int);
_Noreturn void longjmp(jmp_buf, int);
_Noreturn void _longjmp(jmp_buf, int);
_Noreturn void siglongjmp(sigjmp_buf, int);

#endif
