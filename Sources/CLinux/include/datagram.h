/// Datagrams in vectors: what Swift's Glibc hides of recvmmsg(2), sendmmsg(2) and cmsg(3).
///
/// No socket header is included here: Swift would find its declarations in this module instead
/// of Glibc's, or not at all, depending on the order of imports.
#ifndef CLINUX_DATAGRAM_H
#define CLINUX_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The same as `struct iovec`.
struct clinux_bytes {
    void *base;
    size_t count;
};

/// The same as `struct mmsghdr`, its `struct msghdr` spread out.
struct clinux_message {
    void *address;
    uint32_t address_size;
    struct clinux_bytes *payload;
    size_t payload_count; ///< Number of `clinux_bytes`, not of bytes.
    void *control;
    size_t control_size;
    int flags;
    int padding;
    unsigned int size; ///< Bytes received or sent.
};

/// What the kernel says about one received datagram beside its bytes.
struct clinux_arrival {
    int64_t received_at; ///< Nanoseconds since 1970; 0 when the kernel gave none.
    uint32_t dropped;    ///< The socket's drop counter when the datagram was queued.
    bool has_dropped;    ///< The kernel leaves the counter out while it is 0.
};

enum {
    /// Bytes for the control messages of `clinux_arrival`.
    CLINUX_CONTROL_SIZE = 64,
};

/// recvmmsg(2) with MSG_WAITFORONE and MSG_TRUNC: waits as long as SO_RCVTIMEO says for the
/// first datagram, then takes what is there. `size` is a datagram's whole size even when it was
/// larger than its buffer.
int clinux_receive_messages(int descriptor, struct clinux_message *messages, unsigned int count);

/// sendmmsg(2).
int clinux_send_messages(int descriptor, struct clinux_message *messages, unsigned int count);

/// Walks the control messages of a received datagram.
struct clinux_arrival clinux_arrival_of(const struct clinux_message *message);

/// What a socket says of its receive queue.
struct clinux_queue {
    uint32_t byte_count; ///< Memory taken by datagrams that wait, the kernel's overhead included.
    uint32_t dropped;    ///< Datagrams dropped since the socket was opened; wraps.
};

/// Reads SO_MEMINFO; false when this kernel does not tell.
bool clinux_queue_of(int descriptor, struct clinux_queue *queue);

#endif
