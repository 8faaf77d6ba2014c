#define _GNU_SOURCE
#include "descriptors.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

ssize_t clinux_send_descriptor(int socket, const void *address, uint32_t address_size,
                               const void *bytes, size_t count, int descriptor) {
    struct iovec payload = {.iov_base = (void *)bytes, .iov_len = count};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof descriptor)];
    } control;
    memset(&control, 0, sizeof control);
    struct msghdr message = {.msg_name = (void *)address,
                             .msg_namelen = address_size,
                             .msg_iov = &payload,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control.room};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}
