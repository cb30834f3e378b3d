#pragma once
#include <zlib.h>

/// `deflateInit2` is a macro. Raw deflate: no header, no trailer.
static inline int chartroom_deflate_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
}

/// `inflateInit2` is a macro. Gzip only (RFC 1952): header and trailer are read and checked.
static inline int chartroom_gunzip_init(z_stream *stream) {
    return inflateInit2(stream, MAX_WBITS + 16);
}
