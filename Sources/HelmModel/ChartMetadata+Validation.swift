extension ChartMetadata {
    /// Cleans the texts and checks the rules of helm.sh/helm/v4 v4.3.0 `Metadata.Validate`.
    ///
    /// In an index Helm lets dependencies repeat each other's names: some servers leave their aliases out.
    mutating func validate(inIndex isInIndex: Bool = false) throws(HelmParseError) {
        name = ChartMetadata.sanitized(name)
        description = ChartMetadata.sanitized(description)
        home = ChartMetadata.sanitized(home)
        icon = ChartMetadata.sanitized(icon)
        condition = ChartMetadata.sanitized(condition)
        tags = ChartMetadata.sanitized(tags)
        appVersion = ChartMetadata.sanitized(appVersion)
        kubeVersion = ChartMetadata.sanitized(kubeVersion)
        sources = sources.map(ChartMetadata.sanitized)
        keywords = keywords.map(ChartMetadata.sanitized)
        guard !apiVersion.isEmpty else { throw HelmParseError("the chart has no apiVersion") }
        try validateName()
        guard !version.isEmpty else { throw HelmParseError("the chart has no version") }
        guard semanticVersion != nil else {
            throw HelmParseError("the chart's version \(HelmParseError.quote(version)) is not a semantic version")
        }
        guard ["", "application", "library"].contains(type) else {
            throw HelmParseError("the chart's type \(HelmParseError.quote(type)) is not application or library")
        }
        for position in maintainers.indices { maintainers[position].sanitize() }
        try validateDependencies(mayRepeat: isInIndex)
    }

    private func validateName() throws(HelmParseError) {
        guard !name.isEmpty else { throw HelmParseError("the chart has no name") }
        guard !name.utf8.contains(UInt8(ascii: "/")), name != ".", name != ".." else {
            throw HelmParseError("the chart's name \(HelmParseError.quote(name)) must not be a path")
        }
    }

    private mutating func validateDependencies(mayRepeat: Bool) throws(HelmParseError) {
        var keys: Set<[UInt8]> = []
        for position in dependencies.indices {
            try dependencies[position].validate()
            let dependency = dependencies[position]
            let key = dependency.alias.isEmpty ? dependency.name : dependency.alias
            guard keys.insert(Array(key.utf8)).inserted || mayRepeat else {
                throw HelmParseError(
                    "more than one dependency has the name or alias \(HelmParseError.quote(key)); give them aliases")
            }
        }
    }

    /// White space becomes a space and what does not print is dropped, as Go's `unicode.IsSpace` and `IsPrint` see it.
    static func sanitized(_ text: String) -> String {
        // Nearly every text is plain ASCII, and an index has a million of them.
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace {
                result.append(" ")
            } else if isPrinting(scalar) {
                result.append(scalar)
            }
        }
        return String(result)
    }

    private static func isPrinting(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return (0x20..<0x7F).contains(scalar.value) }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            return false
        default: return true
        }
    }
}

extension ChartMaintainer {
    mutating func sanitize() {
        name = ChartMetadata.sanitized(name)
        email = ChartMetadata.sanitized(email)
        url = ChartMetadata.sanitized(url)
    }
}

extension ChartDependency {
    mutating func validate() throws(HelmParseError) {
        name = ChartMetadata.sanitized(name)
        version = ChartMetadata.sanitized(version)
        repository = ChartMetadata.sanitized(repository)
        condition = ChartMetadata.sanitized(condition)
        tags = tags.map(ChartMetadata.sanitized)
        let legal = alias.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard legal else {
            throw HelmParseError(
                "the alias of dependency \(HelmParseError.quote(name)) must be letters, digits, _ and -")
        }
    }
}
