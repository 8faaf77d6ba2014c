#define _GNU_SOURCE
#include "datagram.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#include <linux/sock_diag.h>

_Static_assert(sizeof(struct clinux_message) == sizeof(struct mmsghdr), "size of mmsghdr");
_Static_assert(offsetof(struct clinux_message, length) == offsetof(struct mmsghdr, msg_len),
               "layout of mmsghdr");
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

struct clinux_arrival clinux_arrival_of(const struct msghdr *header) {
    struct clinux_arrival arrival = {0, 0, false};
    // CMSG_NXTHDR takes a header that is not const, and only reads it.
    struct msghdr *readable = (struct msghdr *)header;
    for (struct cmsghdr *control = CMSG_FIRSTHDR(readable); control != NULL;
         control = CMSG_NXTHDR(readable, control)) {
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

bool clinux_dropped(int descriptor, uint32_t *dropped) {
    uint32_t figures[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof figures;
    if (getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, figures, &size) != 0) return false;
    if (size < (SK_MEMINFO_DROPS + 1) * sizeof(uint32_t)) return false;
    *dropped = figures[SK_MEMINFO_DROPS];
    return true;
}
