import HelmModel
import OCIModel
import YAML

extension YAMLNode {
    /// The tree as sigs.k8s.io/yaml v1.6.0 turns it into JSON: scalars resolved, keys made text.
    ///
    /// Whole numbers that fit 64 bits only without a sign become text, which is what Helm's fields are.
    func jsonValue() throws(YAMLError) -> JSONValue {
        switch content {
        case .scalar: return YAMLNode.json(value ?? .null)
        case .sequence(let elements):
            var values: [JSONValue] = []
            values.reserveCapacity(elements.count)
            for element in elements { values.append(try element.jsonValue()) }
            return .array(values)
        case .mapping(let entries):
            var members: [(String, JSONValue)] = []
            members.reserveCapacity(entries.count)
            for (key, value) in entries { members.append((try key.jsonKey(), try value.jsonValue())) }
            return .object(members)
        }
    }

    private static func json(_ scalar: YAMLScalar) -> JSONValue {
        switch scalar {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .unsigned(let value): .string(String(value))
        case .number(let value): .number(value)
        case .string(let value): .string(value)
        }
    }

    private func jsonKey() throws(YAMLError) -> String {
        switch value {
        case .string(let text): return text
        case .integer(let number): return String(number)
        case .bool(let flag): return flag ? "true" : "false"
        case .number(let number):
            if number.isNaN { return ".nan" }
            let text = GoNumber.text(float32: number)
            return text == "+Inf" ? ".inf" : text == "-Inf" ? "-.inf" : text
        case .null, .unsigned, nil: throw error("a key must not be null, a collection, or a number beyond 64 bits")
        }
    }
}
