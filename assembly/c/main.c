/* The end of a program whose main is C's. */
#include <stdlib.h>

extern int __main_void(void);

void skein_c_main(void) { exit(__main_void()); }
