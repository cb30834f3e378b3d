import Glibc

/// JSON to be written, members in the order given.
package enum JSONValue: Sendable {
    case text(String)
    case integer(Int)
    /// Written with four significant digits.
    case number(Double)
    case truth(Bool)
    case list([JSONValue])
    case object([(String, JSONValue)])

    package var written: String {
        switch self {
        case .text(let text): JSONValue.quoted(text)
        case .integer(let integer): "\(integer)"
        case .number(let number): JSONValue.rounded(number)
        case .truth(let isTrue): "\(isTrue)"
        case .list(let values): "[" + values.map(\.written).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { "\(JSONValue.quoted($0)):\($1.written)" }.joined(separator: ",") + "}"
        }
    }

    /// A number with four significant digits, without an exponent.
    package static func rounded(_ number: Double) -> String {
        guard number.isFinite, number != 0 else { return "0" }
        let digits = max(0, 3 - Int(log10(abs(number)).rounded(.down)))
        let factor = pow(10, Double(digits))
        let value = (number * factor).rounded() / factor
        return digits == 0 && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 32: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
