/* Writes down everything that is written to the files under a folder.
 *
 * Loaded before libc by the crash tests alone. POWERCUT_DIR is the folder,
 * POWERCUT_LOG the log, POWERCUT_SYNC_US how long an fsync takes: none is made,
 * since what it would have kept is found out from the log. What is written to
 * standard output is noted too, so that the log knows what was acknowledged when.
 *
 * A record: kind, length of the path, path, offset, length of the data, data.
 * Kinds: O open (offset 1: made, 2: truncated), W write, T truncate, B and E
 * the begin and the end of an fsync, U unlink, R rename (data: the new path),
 * A a line of standard output, S a process begins.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 4096
static char *paths[FILES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *dir;
static size_t dir_len;
static int log_fd = -1;
static long sync_us;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void note(char kind, const char *path, uint64_t offset, const void *data, uint32_t len) {
    if (log_fd < 0) return;
    uint16_t path_len = path ? (uint16_t)strlen(path) : 0;
    char head[15];
    head[0] = kind;
    memcpy(head + 1, &path_len, 2);
    memcpy(head + 3, &offset, 8);
    memcpy(head + 11, &len, 4);
    struct iovec parts[3] = {{head, 15}, {(void *)path, path_len}, {(void *)data, len}};
    if (syscall(SYS_writev, log_fd, parts, 3) < 0) abort();
}

__attribute__((constructor)) static void begin(void) {
    dir = getenv("POWERCUT_DIR");
    const char *log = getenv("POWERCUT_LOG");
    const char *us = getenv("POWERCUT_SYNC_US");
    if (!dir || !log) return;
    dir_len = strlen(dir);
    sync_us = us ? atol(us) : 0;
    log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0) abort();
    note('S', "", 0, "", 0);
}

static int ours(const char *path) { return dir && path && strncmp(path, dir, dir_len) == 0; }

static const char *path_of(int fd) { return fd >= 0 && fd < FILES ? paths[fd] : NULL; }

static void opened(int fd, const char *path, int flags, int made) {
    if (fd < 0 || fd >= FILES || !ours(path)) return;
    free(paths[fd]);
    paths[fd] = strdup(path);
    if (made) note('O', path, 1, "", 0);
    if (flags & O_TRUNC) note('O', path, 2, "", 0);
}

static int open_at(int at, const char *path, int flags, mode_t mode) {
    if (!ours(path)) return (int)syscall(SYS_openat, at, path, flags, mode);
    pthread_mutex_lock(&lock);
    int made = (flags & O_CREAT) && syscall(SYS_faccessat, at, path, F_OK) < 0;
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);
    int error = errno;
    opened(fd, path, flags, made);
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

#define MODE(flags)                                 \
    mode_t mode = 0;                                \
    if ((flags) & (O_CREAT | O_TMPFILE)) {          \
        va_list rest;                               \
        va_start(rest, flags);                      \
        mode = va_arg(rest, mode_t);                \
        va_end(rest);                               \
    }

int open(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return open_at(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return open_at(at, path, flags, mode); }

int close(int fd) {
    if (path_of(fd)) {
        pthread_mutex_lock(&lock);
        free(paths[fd]);
        paths[fd] = NULL;
        pthread_mutex_unlock(&lock);
    }
    return (int)syscall(SYS_close, fd);
}

ssize_t write(int fd, const void *data, size_t len) {
    const char *path = path_of(fd);
    if (!path && fd != 1) return syscall(SYS_write, fd, data, len);
    pthread_mutex_lock(&lock);
    if (fd == 1) {
        note('A', "", 0, data, (uint32_t)len);
        pthread_mutex_unlock(&lock);
        return syscall(SYS_write, fd, data, len);
    }
    struct stat now;
    int appends = (int)syscall(SYS_fcntl, fd, F_GETFL) & O_APPEND;
    off_t at = appends && fstat(fd, &now) == 0 ? now.st_size : lseek(fd, 0, SEEK_CUR);
    ssize_t done = syscall(SYS_write, fd, data, len);
    if (done > 0) note('W', path, (uint64_t)at, data, (uint32_t)done);
    pthread_mutex_unlock(&lock);
    return done;
}

static ssize_t write_at(int fd, const void *data, size_t len, off_t at) {
    const char *path = path_of(fd);
    if (!path) return syscall(SYS_pwrite64, fd, data, len, at);
    pthread_mutex_lock(&lock);
    ssize_t done = syscall(SYS_pwrite64, fd, data, len, at);
    if (done > 0) note('W', path, (uint64_t)at, data, (uint32_t)done);
    pthread_mutex_unlock(&lock);
    return done;
}
ssize_t pwrite(int fd, const void *data, size_t len, off_t at) { return write_at(fd, data, len, at); }
ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at) { return write_at(fd, data, len, at); }

static int truncate_to(int fd, off_t len) {
    const char *path = path_of(fd);
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_ftruncate, fd, len);
    if (done == 0 && path) note('T', path, (uint64_t)len, "", 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int ftruncate(int fd, off_t len) { return truncate_to(fd, len); }
int ftruncate64(int fd, off64_t len) { return truncate_to(fd, len); }

static int sync_file(int fd) {
    const char *path = path_of(fd);
    if (!path) return (int)syscall(SYS_fsync, fd);
    char *kept = strdup(path);
    pthread_mutex_lock(&lock);
    note('B', kept, 0, "", 0);
    pthread_mutex_unlock(&lock);
    if (sync_us) usleep((useconds_t)sync_us);
    pthread_mutex_lock(&lock);
    note('E', kept, 0, "", 0);
    pthread_mutex_unlock(&lock);
    free(kept);
    return 0;
}
int fsync(int fd) { return sync_file(fd); }
int fdatasync(int fd) { return sync_file(fd); }

int unlink(const char *path) {
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    int error = errno;
    if (done == 0 && ours(path)) note('U', path, 0, "", 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

int rename(const char *from, const char *to) {
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
    int error = errno;
    if (done == 0 && ours(from)) note('R', from, 0, to, (uint32_t)strlen(to));
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}
