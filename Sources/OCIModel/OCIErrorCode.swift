/// The error codes of distribution-spec v1.1.1, section Error Codes: all of them.
public enum OCIErrorCode: String, CaseIterable, Sendable {
    /// code-1.
    case blobUnknown = "BLOB_UNKNOWN"
    /// code-2.
    case blobUploadInvalid = "BLOB_UPLOAD_INVALID"
    /// code-3.
    case blobUploadUnknown = "BLOB_UPLOAD_UNKNOWN"
    /// code-4.
    case digestInvalid = "DIGEST_INVALID"
    /// code-5.
    case manifestBlobUnknown = "MANIFEST_BLOB_UNKNOWN"
    /// code-6.
    case manifestInvalid = "MANIFEST_INVALID"
    /// code-7.
    case manifestUnknown = "MANIFEST_UNKNOWN"
    /// code-8.
    case nameInvalid = "NAME_INVALID"
    /// code-9.
    case nameUnknown = "NAME_UNKNOWN"
    /// code-10.
    case sizeInvalid = "SIZE_INVALID"
    /// code-11.
    case unauthorized = "UNAUTHORIZED"
    /// code-12.
    case denied = "DENIED"
    /// code-13.
    case unsupported = "UNSUPPORTED"
    /// code-14.
    case tooManyRequests = "TOOMANYREQUESTS"
}
