/// What Swift does not offer, or its Glibc module hides or cannot import. As little C as possible.
#ifndef CLINUX_H
#define CLINUX_H

#include <sys/types.h>

#include "crc32c.h"
#include "datagram.h"
#include "descriptors.h"
#include "ringfile.h"

/// Names the calling thread; the kernel keeps the first 15 bytes.
void clinux_set_thread_name(const char *name);

/// Asks the processor to bring what lies at `address` nearer; nothing else happens, wherever it points.
static inline void clinux_prefetch(const void *address) { __builtin_prefetch(address); }

#endif
