/// One header field where libmicrohttpd keeps it: valid on the loop thread until the request is over.
struct HeaderSlot {
    let name: UnsafeBufferPointer<UInt8>
    let value: UnsafeBufferPointer<UInt8>

    /// Whether the field has that name; ASCII letters compare without case.
    func isNamed(_ other: StaticString) -> Bool {
        guard name.count == other.utf8CodeUnitCount else { return false }
        let start = other.utf8Start
        for index in 0..<name.count {
            let left = name[index]
            let right = start[index]
            if left != right, left | 0x20 != right | 0x20 || !(0x61...0x7A).contains(left | 0x20) { return false }
        }
        return true
    }

    var text: String { String(decoding: value, as: UTF8.self) }
}

extension [HeaderSlot] {
    /// The values under a name joined by `, `, nil when there is none.
    func joined(_ name: StaticString) -> String? {
        var joined: String?
        for slot in self where slot.isNamed(name) {
            joined = joined.map { $0 + ", " + slot.text } ?? slot.text
        }
        return joined
    }
}
