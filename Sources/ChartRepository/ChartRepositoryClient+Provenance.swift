public import Content
internal import HTTPClient
internal import HTTPMessage
public import HelmModel
internal import RemoteRegistry

extension ChartRepositoryClient {
    /// The provenance beside an archive: at its URL with `.prov` behind the path; nil when there is none.
    ///
    /// The entry's URLs are tried one after the other. The bytes are whatever the server sends under that name: whether
    /// they are provenance, and for which archive, is for the caller to see.
    /// - Throws: `.unauthorized`, `.denied`, `.rateLimited`, `.tooLarge` beyond a mebibyte, `.unavailable`.
    public func provenance(of entry: RepositoryIndexEntry) async throws(ContentError) -> [UInt8]? {
        let file = file(.provenance(entry))
        var failure: ContentError?
        for reference in entry.urls {
            switch location(of: reference, file) {
            case .success(.registry): continue
            case .success(.http(let url)):
                do throws(ContentError) {
                    if let bytes = try await provenance(beside: url, file) { return bytes }
                } catch {
                    failure = failure ?? error
                }
            case .failure(let error): failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return nil
    }

    private func provenance(beside url: HTTPURL, _ file: AskedFile) async throws(ContentError) -> [UInt8]? {
        let limit = options.maximumProvenanceBytes
        let deadline = transport.deadline
        var attempt = 1
        while true {
            let call: RepositoryTransport.Call
            do throws(HTTPClientError) {
                call = RepositoryTransport.Call(
                    url: try url.ofProvenance(), maximumResponseBytes: Int64(limit), file: file, deadline: deadline)
            } catch {
                throw file.error(error)
            }
            let response = try await transport.get(call)
            if [404, 410].contains(response.status.rawValue) { return nil }
            guard response.status == .ok else {
                throw failure(response, file)
            }
            do throws(HTTPClientError) {
                let body = try await response.collect(maximumBytes: limit)
                try await transport.own.spend(received: body.count, from: response.url.origin)
                return body
            } catch {
                if case .responseTooLarge = error {
                    throw .tooLarge("\(file) is larger than \(limit) bytes, which is the limit")
                }
                guard await mayRepeat(after: attempt, error, until: deadline) else { throw file.error(error) }
                attempt += 1
            }
        }
    }
}
