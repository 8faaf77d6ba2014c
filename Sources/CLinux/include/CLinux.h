/// What Swift's Glibc module hides or cannot import. As little C as possible.
#ifndef CLINUX_H
#define CLINUX_H

#include <sys/types.h>

#include "crc32c.h"
#include "datagram.h"
#include "descriptors.h"
#include "ringfile.h"

/// Names the calling thread; the kernel keeps the first 15 bytes.
void clinux_set_thread_name(const char *name);

#endif
