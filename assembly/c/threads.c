#include "core.h"
void __skein_thread_end(void) {}
