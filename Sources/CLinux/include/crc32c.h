/// CRC32C (Castagnoli): with the processor's own instruction where it has one, else with tables.
#ifndef CLINUX_CRC32C_H
#define CLINUX_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The checksum of what came before (`crc`, 0 at the start) followed by `length` bytes at `data`.
uint32_t clinux_crc32c(uint32_t crc, const void *data, size_t length);

/// The same as `clinux_crc32c` over five words of eight bytes, little-endian, in this order.
uint32_t clinux_crc32c_words(
    uint32_t crc, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);

/// The way without the instruction, so that tests can compare the two.
uint32_t clinux_crc32c_portable(uint32_t crc, const void *data, size_t length);

/// Whether this processor has the instruction.
bool clinux_crc32c_is_hardware(void);

#endif
