/// Datagrams in vectors: what Swift's Glibc hides of recvmmsg(2), sendmmsg(2) and cmsg(3).
#ifndef CLINUX_DATAGRAM_H
#define CLINUX_DATAGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/// The same as `struct mmsghdr`, which is only declared for _GNU_SOURCE.
struct clinux_message {
    struct msghdr header;
    unsigned int length;
};

/// What the kernel says about one received datagram beside its bytes.
struct clinux_arrival {
    int64_t received_at;      ///< Nanoseconds since 1970; 0 when the kernel gave none.
    uint32_t dropped;         ///< The socket's drop counter when the datagram was queued.
    bool has_dropped;         ///< The kernel leaves the counter out while it is 0.
};

enum {
    /// Room for the control messages of `clinux_arrival`, with some to spare.
    CLINUX_CONTROL_SIZE = 64,
};

/// recvmmsg(2) with MSG_WAITFORONE and MSG_TRUNC: waits as long as SO_RCVTIMEO says for the
/// first datagram, then takes what is there. `length` is a datagram's whole size even when it
/// was larger than its buffer.
int clinux_receive_messages(int descriptor, struct clinux_message *messages, unsigned int count);

/// sendmmsg(2).
int clinux_send_messages(int descriptor, struct clinux_message *messages, unsigned int count);

/// Walks the control messages of a received header.
struct clinux_arrival clinux_arrival_of(const struct msghdr *header);

/// The drop counter of a socket now; false when this kernel does not tell.
bool clinux_dropped(int descriptor, uint32_t *dropped);

#endif
