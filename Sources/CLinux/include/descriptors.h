/// Descriptors in messages: what Swift's Glibc hides of cmsg(3).
#ifndef CLINUX_DESCRIPTORS_H
#define CLINUX_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// sendmsg(2) of one datagram with one descriptor beside it (SCM_RIGHTS), without SIGPIPE.
///
/// `address` is a `struct sockaddr` of `address_size` bytes. Returns as sendmsg does.
ssize_t clinux_send_descriptor(int socket, const void *address, uint32_t address_size,
                               const void *bytes, size_t count, int descriptor);

#endif
