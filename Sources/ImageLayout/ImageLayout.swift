// ImageLayout: an OCI image layout in a directory as an end of Content.
//
//     <dir>/oci-layout            the marker
//     <dir>/index.json            an entry for each tag, and for each manifest that was put without one
//     <dir>/blobs/<alg>/<hex>     blobs and manifests
//     <dir>/.chartroom.lock       held while index.json is replaced
//     <dir>/.chartroom-*.partial  bytes on their way in
//
// Source: image-spec v1.1.1 `image-layout.md`. Owns: how many repositories share one layout: the annotation
// `org.opencontainers.image.ref.name` is `<repository>:<tag>`. Tags are a repository's; blobs and manifests by digest
// are the layout's. Invariant: a file under blobs/ is complete and hashes to its name; what index.json names is there
// before index.json names it. Threads: any; functions block for the disk, so call them off the cooperative pool.
