#include <stddef.h>
#include <stdint.h>

#ifndef POLYNOMIAL
#define POLYNOMIAL 0xedb88320u
#endif

uint32_t crc32(uint32_t seed, const uint8_t *bytes, size_t n);
