// Linux calls that Glibc's Swift module leaves out: they need _GNU_SOURCE or are variadic.
#pragma once
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int chartroom_syncfs(int fd) { return (int)syscall(SYS_syncfs, fd); }
/// SYNC_FILE_RANGE_WRITE is 2: begin writing dirty pages, wait for nothing.
static inline int chartroom_begin_writeback(int fd, long long offset, long long length) {
    return (int)syscall(SYS_sync_file_range, fd, offset, length, 2U);
}
static inline int chartroom_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
