#pragma once
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

// What Swift cannot call because it is variadic, one line each.

static inline int chartroom_connection_socket(struct MHD_Connection *_Nonnull connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

static inline void *_Nullable chartroom_connection_context(struct MHD_Connection *_Nonnull connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static inline struct sockaddr *_Nullable chartroom_connection_peer(struct MHD_Connection *_Nonnull connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info ? info->client_addr : NULL;
}

static inline size_t chartroom_connection_header_size(struct MHD_Connection *_Nonnull connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info ? info->header_size : 0;
}

/// Reads how many bytes a TCP connection has received and how many its peer has acknowledged; 0 on success.
///
/// The C library's `struct tcp_info` ends before these two, so they are taken at their place in the kernel's
/// (include/uapi/linux/tcp.h, Linux 4.1 and later): `tcpi_bytes_acked` at 120, `tcpi_bytes_received` at 128.
static inline int chartroom_tcp_progress(int descriptor, uint64_t *_Nonnull received, uint64_t *_Nonnull acknowledged) {
    unsigned char info[192];
    socklen_t length = sizeof info;
    if (getsockopt(descriptor, 6 /* IPPROTO_TCP */, 11 /* TCP_INFO */, info, &length) != 0 || length < 136) return -1;
    memcpy(acknowledged, info + 120, sizeof *acknowledged);
    memcpy(received, info + 128, sizeof *received);
    return 0;
}

/// Holds back partial segments (TCP_CORK), or lets them go.
static inline void chartroom_tcp_cork(int descriptor, int holds) {
    setsockopt(descriptor, 6 /* IPPROTO_TCP */, 3 /* TCP_CORK */, &holds, sizeof holds);
}
