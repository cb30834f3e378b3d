/// Numbers as Go writes them.
package enum GoNumber {
    /// `strconv.FormatFloat(number, 'g', -1, 32)`: the shortest digits that give the same float32.
    ///
    /// sigs.k8s.io/yaml v1.6.0 writes a number so where a chart wants text: `1.10` becomes `1.1`, `1e6` `1e+06`.
    package static func text(float32 number: Double) -> String {
        let value = Float(number)
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
        let sign = value.sign == .minus ? "-" : ""
        let (digits, pointPosition) = shortest(value.magnitude)
        let exponent = pointPosition - 1
        if exponent < -4 || exponent >= 6 {
            let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
            let magnitude = String(exponent.magnitude)
            return sign + digits.prefix(1) + fraction + (exponent < 0 ? "e-" : "e+")
                + (magnitude.count < 2 ? "0" : "") + magnitude
        }
        if pointPosition <= 0 { return sign + "0." + String(repeating: "0", count: -pointPosition) + digits }
        let padding = max(0, pointPosition - digits.count)
        let whole = digits.prefix(pointPosition) + String(repeating: "0", count: padding)
        let fraction = digits.dropFirst(pointPosition)
        return sign + whole + (fraction.isEmpty ? "" : "." + fraction)
    }

    /// The digits without zeros around them, and where the point stands in them; zero is `0` with the point behind.
    private static func shortest(_ value: Float) -> (digits: String, pointPosition: Int) {
        guard value != 0 else { return ("0", 1) }
        let parts = value.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let digits = mantissa.joined()
        let leadingZeros = digits.prefix { $0 == "0" }.count
        var significant = digits.dropFirst(leadingZeros)
        while significant.last == "0" { significant.removeLast() }
        return (String(significant), mantissa[0].count - leadingZeros + exponent)
    }
}
