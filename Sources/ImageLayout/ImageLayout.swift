// ImageLayout: an OCI image layout in a directory as an end of Content.
//
// Source: image-spec v1.1.1 `image-layout.md`.
