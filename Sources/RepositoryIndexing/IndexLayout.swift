internal import Content
internal import HelmModel

/// How the entries of an index are joined, in either form.
struct IndexLayout: Sendable {
    let form: IndexRequest.Form

    /// When no entry tells a time.
    static let noTime = "0001-01-01T00:00:00Z"

    var head: [UInt8] {
        switch form {
        case .json: ChartIndexText.head
        case .yaml: ChartIndexText.yamlHead
        }
    }

    /// What stands in front of an entry of `name` behind one of `previous`.
    func separator(from previous: String?, to name: String) -> [UInt8] {
        switch form {
        case .json:
            if previous == name { return ChartIndexText.between }
            let opening = ChartIndexText.opening(of: name)
            return previous == nil ? opening : ChartIndexText.closing + ChartIndexText.between + opening
        case .yaml:
            return previous == name ? [] : ChartIndexText.yamlOpening(of: name)
        }
    }

    func entry(_ json: [UInt8]) throws(ContentError) -> [UInt8] {
        switch form {
        case .json: return json
        case .yaml:
            do {
                return try ChartIndexText.yamlEntry(json)
            } catch {
                throw .corrupt("a stored version of a chart cannot be written as YAML: \(error)")
            }
        }
    }

    /// What stands behind the last entry, one of `previous`.
    func tail(behind previous: String?, generated time: String) -> [UInt8] {
        switch form {
        case .json: (previous == nil ? [] : ChartIndexText.closing) + ChartIndexText.tail(generated: time)
        case .yaml: ChartIndexText.yamlTail(generated: time, isEmpty: previous == nil)
        }
    }

    /// The `created` of an entry, found from the back: `…"created":"<time>","digest":"<64 digits>"}`.
    ///
    /// The layout is `ChartIndexText.entry`'s; of anything else the answer is nil.
    static func created(in json: [UInt8]) -> String? {
        let key = Array(#""created":""#.utf8)
        let mark = Array(#"","digest":""#.utf8)
        let end = json.count - (mark.count + 64 + 2)
        guard end >= key.count, json[end..<(end + mark.count)].elementsEqual(mark) else { return nil }
        var start = end
        while start > key.count, json[start - 1] != UInt8(ascii: "\"") { start -= 1 }
        guard json[(start - key.count)..<start].elementsEqual(key) else { return nil }
        return String(validating: json[start..<end], as: UTF8.self)
    }
}
