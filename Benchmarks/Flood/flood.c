// Sends the lines of a file as UDP datagrams to a port on this machine, in vectors, as fast as the
// receiver takes them from its socket or at a fixed rate. Built and run by the benchmark programme.
//
//     flood FILE PORT LINES_PER_DATAGRAM QUEUE_BYTES_MAX [DATAGRAMS_PER_SECOND]
//
// It waits while more than QUEUE_BYTES_MAX stand in the receiver's socket.
// Ends with 0 and prints how many datagrams were sent.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    // Datagrams that one system call sends.
    VECTOR = 32,
    // The kernel's account of a datagram of ours is less than this.
    ACCOUNT_BYTES_MAX = 4096,
    PAUSE_NANOSECONDS = 200 * 1000,
};

static const int64_t SECOND = 1000000000;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static void pause_for(int64_t nanoseconds) {
    struct timespec time = {nanoseconds / SECOND, nanoseconds % SECOND};
    nanosleep(&time, NULL);
}

// What the kernel holds for the socket at this port, from /proc/net/udp: proc(5).
static long queued_bytes(int table, int port) {
    static char text[1 << 16];
    ssize_t size = pread(table, text, sizeof text - 1, 0);
    if (size < 0) err(1, "/proc/net/udp");
    text[size] = 0;
    for (char *line = strchr(text, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
        unsigned local, sent, received;
        if (sscanf(line, " %*d: %*x:%x %*x:%*x %*x %x:%x", &local, &sent, &received) == 3 &&
            local == (unsigned)port)
            return received;
    }
    errx(1, "nobody listens at port %d", port);
}

// The end of the datagram at `start`: so many lines, without the last line's end.
static const char *datagram_end(const char *start, const char *end, int lines) {
    const char *line = start;
    for (int count = 0; count < lines && line < end; count++) {
        const char *feed = memchr(line, '\n', end - line);
        line = feed ? feed + 1 : end;
    }
    return line;
}

static void send_all(int socket, struct mmsghdr *messages, int count) {
    for (int done = 0; done < count;) {
        int sent = sendmmsg(socket, messages + done, count - done, 0);
        if (sent < 0) err(1, "sendmmsg");
        done += sent;
    }
}

int main(int count, char **arguments) {
    if (count < 5 || count > 6)
        errx(64, "say FILE PORT LINES_PER_DATAGRAM QUEUE_BYTES_MAX [DATAGRAMS_PER_SECOND]");
    int file = open(arguments[1], O_RDONLY);
    int port = atoi(arguments[2]), lines = atoi(arguments[3]);
    long queue_bytes_max = atol(arguments[4]);
    // Between two looks no more is sent than may stand there.
    int64_t datagrams_per_look = queue_bytes_max / ACCOUNT_BYTES_MAX;
    int64_t rate = count == 6 ? atoll(arguments[5]) : 0;
    struct stat status;
    if (file < 0 || fstat(file, &status) < 0) err(66, "%s", arguments[1]);
    if (lines < 1 || port < 1) errx(64, "lines and port are numbers above 0");
    const char *text =
        mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (text == MAP_FAILED) err(1, "%s", arguments[1]);
    const char *end = text + status.st_size;

    int socket_number = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in target = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(socket_number, (struct sockaddr *)&target, sizeof target) < 0) err(1, "connect");
    int table = open("/proc/net/udp", O_RDONLY);

    struct iovec vectors[VECTOR];
    struct mmsghdr messages[VECTOR];
    memset(messages, 0, sizeof messages);
    int64_t datagrams = 0, looked = 0, start = now();
    while (text < end) {
        int filled = 0;
        // A paced sender sends one at a time: what comes together is no rate.
        while (filled < (rate ? 1 : VECTOR) && text < end) {
            const char *next = datagram_end(text, end, lines);
            vectors[filled] = (struct iovec){(void *)text, next - text - (next[-1] == '\n')};
            messages[filled].msg_hdr.msg_iov = &vectors[filled];
            messages[filled].msg_hdr.msg_iovlen = 1;
            text = next;
            filled++;
        }
        send_all(socket_number, messages, filled);
        datagrams += filled;
        if (rate) {
            int64_t ahead = start + datagrams * SECOND / rate - now();
            if (ahead > 0) pause_for(ahead);
        } else if (datagrams - looked >= datagrams_per_look) {
            looked = datagrams;
            while (queued_bytes(table, port) > queue_bytes_max) pause_for(PAUSE_NANOSECONDS);
        }
    }
    printf("%lld\n", (long long)datagrams);
    return 0;
}
