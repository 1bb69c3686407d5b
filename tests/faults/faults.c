// Preloaded into a program, makes one of its write steps below a folder fail:
// LD_PRELOAD=handover_faults.so with
//   HANDOVER_FAULT_FOLDER   the folder; only what happens below it counts
//   HANDOVER_FAULT_LOG      gets a line for each step: its number, the call, the file
//   HANDOVER_FAULT_STEP     the number of the step that fails; 0: none
//   HANDOVER_FAULT_ERRNO    with which number
//   HANDOVER_FAULT_IN       "child": only in processes whose first argument is __refresh; "caller":
//   only in others HANDOVER_FAULT_STAYS    a file to be made when that step fails: from then on
//   every step of every process fails
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static atomic_int steps;

// The next definition of a function, as C has no cast from an object's address to a function's.
#define REAL(name)                                   \
    __typeof__(&name) real = NULL;                   \
    {                                                \
        void* const found = dlsym(RTLD_NEXT, #name); \
        memcpy(&real, &found, sizeof real);          \
    }

static bool is_refresh_child(void) {
    char words[256] = {0};
    const int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t got = read(fd, words, sizeof words - 1);
    (void)close(fd);
    if (got <= 0) return false;
    const char* const second = words + strlen(words) + 1;
    return second < words + got && strcmp(second, "__refresh") == 0;
}

static bool is_meant(void) {
    static atomic_int known;  // 0: not yet; 1: no; 2: yes
    int state = atomic_load(&known);
    if (state == 0) {
        const char* const in = getenv("HANDOVER_FAULT_IN");
        const bool child = in != NULL && strcmp(in, "child") == 0;
        state = is_refresh_child() == child ? 2 : 1;
        atomic_store(&known, state);
    }
    return state == 2;
}

static bool is_below(const char* file) {
    const char* const folder = getenv("HANDOVER_FAULT_FOLDER");
    return folder != NULL && strncmp(file, folder, strlen(folder)) == 0;
}

static int chosen_error(void) {
    const char* const number = getenv("HANDOVER_FAULT_ERRNO");
    return number == NULL ? EIO : atoi(number);
}

static void note(const char* file, int step, const char* call, const char* subject) {
    const int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return;
    (void)dprintf(fd, "%d %s %s\n", step, call, subject);
    (void)close(fd);
}

// The number to fail with, 0 to go on.
static int strike(const char* call, const char* subject) {
    if (!is_below(subject)) return 0;
    const char* const stays = getenv("HANDOVER_FAULT_STAYS");
    if (stays != NULL && access(stays, F_OK) == 0) return chosen_error();
    if (!is_meant()) return 0;
    const int step = atomic_fetch_add(&steps, 1) + 1;
    const char* const log = getenv("HANDOVER_FAULT_LOG");
    if (log != NULL) note(log, step, call, subject);
    const char* const wanted = getenv("HANDOVER_FAULT_STEP");
    if (wanted == NULL || atoi(wanted) != step) return 0;
    if (stays != NULL) note(stays, step, call, subject);
    return chosen_error();
}

static int strike_fd(const char* call, int fd) {
    char link[64];
    char file[PATH_MAX];
    const int before = errno;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t got = readlink(link, file, sizeof file - 1);
    errno = before;
    if (got <= 0) return 0;
    file[got] = '\0';
    return strike(call, file);
}

static int strike_at(const char* call, int folder, const char* name) {
    char link[64];
    char file[PATH_MAX];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    const ssize_t got = readlink(link, file, sizeof file - 1);
    if (got <= 0 || (size_t)got + strlen(name) + 2 > sizeof file) return 0;
    file[got] = '/';
    memcpy(file + got + 1, name, strlen(name) + 1);
    return strike(call, file);
}

#define FAIL_IF(error_number)            \
    {                                    \
        const int failed = error_number; \
        if (failed != 0) {               \
            errno = failed;              \
            return -1;                   \
        }                                \
    }

ssize_t write(int fd, const void* data, size_t size) {
    FAIL_IF(strike_fd("write", fd))
    REAL(write)
    return real(fd, data, size);
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
    FAIL_IF(strike_fd("pwrite", fd))
    REAL(pwrite)
    return real(fd, data, size, offset);
}

int fsync(int fd) {
    FAIL_IF(strike_fd("fsync", fd))
    REAL(fsync)
    return real(fd);
}

int fdatasync(int fd) {
    FAIL_IF(strike_fd("fdatasync", fd))
    REAL(fdatasync)
    return real(fd);
}

int ftruncate(int fd, off_t size) {
    FAIL_IF(strike_fd("ftruncate", fd))
    REAL(ftruncate)
    return real(fd, size);
}

int posix_fallocate(int fd, off_t offset, off_t size) {
    const int failed = strike_fd("posix_fallocate", fd);
    if (failed != 0) return failed;
    REAL(posix_fallocate)
    return real(fd, offset, size);
}

int flock(int fd, int operation) {
    if ((operation & LOCK_UN) == 0) FAIL_IF(strike_fd("flock", fd))
    REAL(flock)
    return real(fd, operation);
}

int openat(int folder, const char* name, int flags, ...) {
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0) {
        va_list more;
        va_start(more, flags);
        mode = va_arg(more, mode_t);
        va_end(more);
        FAIL_IF(strike_at("openat", folder, name))
    }
    REAL(openat)
    return real(folder, name, flags, mode);
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) {
    FAIL_IF(strike_at("renameat", to_folder, to))
    REAL(renameat)
    return real(from_folder, from, to_folder, to);
}

int unlinkat(int folder, const char* name, int flags) {
    FAIL_IF(strike_at("unlinkat", folder, name))
    REAL(unlinkat)
    return real(folder, name, flags);
}
