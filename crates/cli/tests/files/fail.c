/* Preloaded into the program by tests: makes one call of FFmpeg or of the system fail, the n-th of
   its name, either without being carried out or after it was. The program itself has no such switch.

   FAIL_CALL  name of the call          FAIL_NTH   which one, from 1
   FAIL_AFTER set: carry it out first   FAIL_MARK  a file that is made when it failed
   FAIL_SIZE  for memory: only this many bytes */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int due(const char *name)
{
    static atomic_int seen;
    const char *want = getenv("FAIL_CALL"), *nth = getenv("FAIL_NTH"), *mark = getenv("FAIL_MARK");
    if (!want || !nth || !mark || strcmp(want, name) != 0)
        return 0;
    if (atomic_fetch_add(&seen, 1) + 1 != atoi(nth))
        return 0;
    int fd = open(mark, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (fd >= 0)
        close(fd);
    return 1;
}

static int after(void) { return getenv("FAIL_AFTER") != NULL; }

#define FAILS(type, name, parameters, arguments, bad)                            \
    type name parameters                                                         \
    {                                                                            \
        type(*real) parameters = (type(*) parameters)dlsym(RTLD_NEXT, #name);    \
        if (!due(#name))                                                         \
            return real arguments;                                               \
        if (after())                                                             \
            real arguments;                                                      \
        errno = EIO;                                                             \
        return bad;                                                              \
    }

FAILS(int, fsync, (int fd), (fd), -1)
FAILS(int, rename, (const char *from, const char *to), (from, to), -1)
FAILS(int, av_read_frame, (void *c, void *p), (c, p), -EIO)
FAILS(int, avcodec_send_packet, (void *c, const void *p), (c, p), -EIO)
FAILS(int, avcodec_receive_frame, (void *c, void *f), (c, f), -EIO)
FAILS(int, avcodec_send_frame, (void *c, const void *f), (c, f), -EIO)
FAILS(int, avcodec_receive_packet, (void *c, void *p), (c, p), -EIO)
FAILS(int, avformat_write_header, (void *c, void *o), (c, o), -EIO)
FAILS(int, av_interleaved_write_frame, (void *c, void *p), (c, p), -EIO)
FAILS(int, av_write_trailer, (void *c), (c), -EIO)

/* Writes to outputs only: messages must come through. */
ssize_t write(int fd, const void *data, size_t size)
{
    ssize_t (*real)(int, const void *, size_t) =
        (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    char link[64], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, name, sizeof name);
    if (n < 5 || memcmp(name + n - 5, ".part", 5) != 0 || !due("write"))
        return real(fd, data, size);
    if (after())
        real(fd, data, size);
    errno = ENOSPC;
    return -1;
}

static int wanted(size_t size)
{
    const char *only = getenv("FAIL_SIZE");
    return only && size == (size_t)atol(only);
}

extern void *__libc_malloc(size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
    if (wanted(size) && due("malloc")) {
        errno = ENOMEM;
        return NULL;
    }
    return __libc_malloc(size);
}

/* FFmpeg pads its buffers: those that a frame fits into and two do not. */
int posix_memalign(void **to, size_t alignment, size_t size)
{
    const char *only = getenv("FAIL_SIZE");
    size_t least = only ? (size_t)atol(only) : 0;
    if (least && size >= least && size < 2 * least && due("posix_memalign"))
        return ENOMEM;
    void *made = __libc_memalign(alignment, size);
    if (!made)
        return ENOMEM;
    *to = made;
    return 0;
}
