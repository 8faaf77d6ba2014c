#define _GNU_SOURCE
#include "datagram.h"

#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#define SAME(own, field, system, other)                                                            \
    _Static_assert(offsetof(struct own, field) == offsetof(struct system, other), #field)

_Static_assert(sizeof(struct clinux_bytes) == sizeof(struct iovec), "size of iovec");
SAME(clinux_bytes, base, iovec, iov_base);
SAME(clinux_bytes, count, iovec, iov_len);
_Static_assert(sizeof(struct clinux_message) == sizeof(struct mmsghdr), "size of mmsghdr");
SAME(clinux_message, address, mmsghdr, msg_hdr.msg_name);
SAME(clinux_message, address_size, mmsghdr, msg_hdr.msg_namelen);
SAME(clinux_message, payload, mmsghdr, msg_hdr.msg_iov);
SAME(clinux_message, payload_count, mmsghdr, msg_hdr.msg_iovlen);
SAME(clinux_message, control, mmsghdr, msg_hdr.msg_control);
SAME(clinux_message, control_size, mmsghdr, msg_hdr.msg_controllen);
SAME(clinux_message, flags, mmsghdr, msg_hdr.msg_flags);
SAME(clinux_message, size, mmsghdr, msg_len);
_Static_assert(CLINUX_CONTROL_SIZE >=
                   CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(uint32_t)),
               "room for control messages");

int clinux_receive_messages(int descriptor, struct clinux_message *messages, unsigned int count) {
    return recvmmsg(descriptor, (struct mmsghdr *)messages, count, MSG_WAITFORONE | MSG_TRUNC,
                    NULL);
}

int clinux_send_messages(int descriptor, struct clinux_message *messages, unsigned int count) {
    return sendmmsg(descriptor, (struct mmsghdr *)messages, count, 0);
}

struct clinux_arrival clinux_arrival_of(const struct clinux_message *message) {
    struct clinux_arrival arrival = {0, 0, false};
    // CMSG_NXTHDR takes a header that is not const, and only reads it.
    struct msghdr header = {.msg_control = message->control,
                            .msg_controllen = message->control_size};
    for (struct cmsghdr *control = CMSG_FIRSTHDR(&header); control != NULL;
         control = CMSG_NXTHDR(&header, control)) {
        if (control->cmsg_level != SOL_SOCKET) continue;
        if (control->cmsg_type == SO_TIMESTAMPNS) {
            struct timespec time;
            memcpy(&time, CMSG_DATA(control), sizeof time);
            arrival.received_at = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
        } else if (control->cmsg_type == SO_RXQ_OVFL) {
            memcpy(&arrival.dropped, CMSG_DATA(control), sizeof arrival.dropped);
            arrival.has_dropped = true;
        }
    }
    return arrival;
}

bool clinux_queue_of(int descriptor, struct clinux_queue *queue) {
    uint32_t figures[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof figures;
    if (getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, figures, &size) != 0) return false;
    if (size < (SK_MEMINFO_DROPS + 1) * sizeof(uint32_t)) return false;
    queue->byte_count = figures[SK_MEMINFO_RMEM_ALLOC];
    queue->dropped = figures[SK_MEMINFO_DROPS];
    return true;
}
