#pragma once
#include <zlib.h>

/// `deflateInit2` is a macro. Raw deflate: no header, no trailer.
static inline int chartroom_deflate_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
}
