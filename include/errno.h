/* errno belongs to the goroutine: see assembly/c/runtime.c. */
#include_next <errno.h>
#undef errno
#ifdef __cplusplus
extern "C"
#endif
int *__errno_location(void);
#define errno (*__errno_location())
