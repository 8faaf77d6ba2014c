#include "crc32c.h"

#include <string.h>

/// The polynomial with its bits reversed, as the reflected algorithm wants it.
#define POLYNOMIAL 0x82f63b78u

/// Bytes of each of the three streams that the fast path keeps in flight at once: the instruction
/// takes three cycles but one can start in every cycle.
#define STREAM 336

/// `slices[k][b]`: the checksum of byte `b` followed by `k` zero bytes.
static uint32_t slices[8][256];

/// `shift[k][b]`: what byte `k` of a checksum, when it is `b`, becomes behind `STREAM` zero bytes.
static uint32_t shift[4][256];

static bool hardware = false;

static uint32_t read32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16
        | (uint32_t)bytes[3] << 24;
}

/// Works on the inner state, without the inversions at both ends.
static uint32_t portable(uint32_t state, const uint8_t *bytes, size_t length) {
    while (length >= 8) {
        uint32_t low = state ^ read32(bytes);
        uint32_t high = read32(bytes + 4);
        state = slices[7][low & 255] ^ slices[6][low >> 8 & 255] ^ slices[5][low >> 16 & 255]
            ^ slices[4][low >> 24] ^ slices[3][high & 255] ^ slices[2][high >> 8 & 255]
            ^ slices[1][high >> 16 & 255] ^ slices[0][high >> 24];
        bytes += 8;
        length -= 8;
    }
    while (length-- > 0) state = slices[0][(state ^ *bytes++) & 255] ^ state >> 8;
    return state;
}

/// Before `main`, so that no reader ever sees half a table.
__attribute__((constructor)) static void prepare(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t state = byte;
        for (int bit = 0; bit < 8; bit++) state = state & 1 ? state >> 1 ^ POLYNOMIAL : state >> 1;
        slices[0][byte] = state;
    }
    for (int slice = 1; slice < 8; slice++) {
        for (int byte = 0; byte < 256; byte++) {
            uint32_t before = slices[slice - 1][byte];
            slices[slice][byte] = before >> 8 ^ slices[0][before & 255];
        }
    }
    static const uint8_t zeros[STREAM];
    for (int place = 0; place < 4; place++) {
        for (uint32_t byte = 0; byte < 256; byte++) {
            shift[place][byte] = portable(byte << 8 * place, zeros, STREAM);
        }
    }
#if defined(__x86_64__)
    __builtin_cpu_init();
    hardware = __builtin_cpu_supports("sse4.2");
#endif
}

#if defined(__x86_64__)
#include <nmmintrin.h>

static uint32_t shifted(uint32_t state) {
    return shift[0][state & 255] ^ shift[1][state >> 8 & 255] ^ shift[2][state >> 16 & 255]
        ^ shift[3][state >> 24];
}

static uint64_t read64(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

__attribute__((target("sse4.2"))) static uint32_t fast(
    uint32_t start, const uint8_t *bytes, size_t length) {
    uint64_t state = start;
    while (length >= 3 * STREAM) {
        uint64_t second = 0, third = 0;
        for (size_t index = 0; index < STREAM; index += 8) {
            state = _mm_crc32_u64(state, read64(bytes + index));
            second = _mm_crc32_u64(second, read64(bytes + STREAM + index));
            third = _mm_crc32_u64(third, read64(bytes + 2 * STREAM + index));
        }
        state = shifted((uint32_t)state) ^ second;
        state = shifted((uint32_t)state) ^ third;
        bytes += 3 * STREAM;
        length -= 3 * STREAM;
    }
    for (; length >= 8; bytes += 8, length -= 8) state = _mm_crc32_u64(state, read64(bytes));
    uint32_t last = (uint32_t)state;
    for (; length > 0; bytes++, length--) last = _mm_crc32_u8(last, *bytes);
    return last;
}

__attribute__((target("sse4.2"))) static uint32_t fast_words(
    uint32_t state, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e) {
    uint64_t value = _mm_crc32_u64(state, a);
    value = _mm_crc32_u64(value, b);
    value = _mm_crc32_u64(value, c);
    value = _mm_crc32_u64(value, d);
    return (uint32_t)_mm_crc32_u64(value, e);
}
#endif

uint32_t clinux_crc32c_portable(uint32_t crc, const void *data, size_t length) {
    return ~portable(~crc, data, length);
}

uint32_t clinux_crc32c(uint32_t crc, const void *data, size_t length) {
#if defined(__x86_64__)
    if (hardware) return ~fast(~crc, data, length);
#endif
    return ~portable(~crc, data, length);
}

uint32_t clinux_crc32c_words(
    uint32_t crc, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e) {
#if defined(__x86_64__)
    if (hardware) return ~fast_words(~crc, a, b, c, d, e);
#endif
    const uint64_t words[5] = {a, b, c, d, e};
    uint8_t bytes[sizeof words];
    for (size_t index = 0; index < sizeof words; index++) {
        bytes[index] = (uint8_t)(words[index / 8] >> 8 * (index % 8));
    }
    return ~portable(~crc, bytes, sizeof bytes);
}

bool clinux_crc32c_is_hardware(void) { return hardware; }
