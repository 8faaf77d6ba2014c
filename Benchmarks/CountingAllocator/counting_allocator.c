/* Counts a program's allocations, thread by thread, while it runs.
 *
 *     cc -shared -fPIC -O2 -o counting_allocator.so counting_allocator.c
 *     COUNTING_ALLOCATOR_FILE=counts LD_PRELOAD=$PWD/counting_allocator.so sluice …
 *
 * Whoever reads the file while the program runs sees the numbers as they are. It is made anew at
 * start; 256 records of 40 bytes, in the machine's byte order:
 *
 *     offset  size  content
 *          0     8  the thread's identifier as the kernel has it; 0: the record is not in use
 *          8    16  its name when it last came by (every 64 allocations), filled up with zeros
 *         24     8  how often it called malloc, calloc, realloc or one of their kin
 *         32     8  how many bytes it asked for in these calls
 *
 * Records are given out in the order in which threads allocate first, and never again: a thread
 * that has ended keeps its own. A thread that is given a name and then allocates seldom is shown under
 * the old one; /proc/PID/task/TID/comm has the present one. Threads beyond the last record share the
 * last one. What the dynamic linker allocates before this library is ready is not counted, and without
 * the variable nothing is. A child of fork counts into its parent's records; exec makes the file anew.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { record_count = 256, name_interval = 64, name_bytes = 16 };

struct record {
    _Atomic int64_t thread;
    char name[name_bytes];
    _Atomic uint64_t allocations;
    _Atomic uint64_t bytes;
};

_Static_assert(sizeof(struct record) == 40, "readers rely on the layout");

/* glibc's own names for its allocator: no dlsym is needed, which allocates itself. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static struct record *_Atomic records;
static _Atomic int used;
/* In the static block of thread-local storage, or its first use would allocate. */
static _Thread_local struct record *mine __attribute__((tls_model("initial-exec")));

__attribute__((constructor)) static void map_file(void) {
    const char *path = getenv("COUNTING_ALLOCATOR_FILE");
    if (path == NULL) {
        return;
    }
    size_t size = record_count * sizeof(struct record);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0 || ftruncate(file, (off_t)size) != 0) {
        _exit(125);
    }
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory == MAP_FAILED) {
        _exit(125);
    }
    atomic_store(&records, memory);
}

static struct record *take_record(struct record *all) {
    int index = atomic_fetch_add(&used, 1);
    if (index >= record_count) {
        atomic_store(&used, record_count);
        index = record_count - 1;
    }
    struct record *record = &all[index];
    prctl(PR_GET_NAME, record->name);
    atomic_store(&record->thread, (int64_t)syscall(SYS_gettid));
    return record;
}

static void count(size_t bytes) {
    struct record *all = atomic_load_explicit(&records, memory_order_acquire);
    if (all == NULL) {
        return;
    }
    int saved_errno = errno;
    if (mine == NULL) {
        mine = take_record(all);
    }
    uint64_t before =
        atomic_fetch_add_explicit(&mine->allocations, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&mine->bytes, bytes, memory_order_relaxed);
    if (before % name_interval == name_interval - 1) {
        prctl(PR_GET_NAME, mine->name);
    }
    errno = saved_errno;
}

void *malloc(size_t size) {
    count(size);
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count(number * size);
    return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
    count(size);
    return __libc_realloc(memory, size);
}

void *reallocarray(void *memory, size_t number, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(number, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(memory, bytes);
}

void *memalign(size_t alignment, size_t size) {
    count(size);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) {
        return EINVAL;
    }
    int saved_errno = errno;
    void *memory = memalign(alignment, size);
    errno = saved_errno;
    if (memory == NULL) {
        return ENOMEM;
    }
    *result = memory;
    return 0;
}
