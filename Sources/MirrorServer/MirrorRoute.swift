public import FrontDoor
public import HTTPMessage

/// What a path asks about mirrors.
public enum MirrorRoute: Equatable, FaceRoute {
    /// `GET /api/mirrors`: every mirror and its state.
    case list
    /// `GET /api/mirrors/<name>`: one of them.
    case mirror(String)
    /// `GET /api/mirrors/<name>/plan`: what a run would do.
    case plan(String)
    /// `POST /api/mirrors/<name>/run`: begin one.
    case run(String)
    /// `POST /api/mirrors/<name>/cancel`: stop it.
    case cancel(String)
    /// `GET /api/mirrors/runs[?mirror=][&n=][&last=]`: the latest runs.
    case runs
    /// `GET /api/mirrors/runs/<number>`: one run and what failed in it.
    case report(Int64)

    /// Names that mirrors of a server cannot have, since their paths mean something else.
    public static let reservedNames = ["charts", "prov", "runs"]

    /// Reads a path; nil for one that is not about mirrors.
    ///
    /// A classic repository may be named like these paths: `charts` and `prov` at their end are its own.
    public init?(path: String) {
        let parts = path.split(separator: "/", maxSplits: 5, omittingEmptySubsequences: false).dropFirst().map(
            String.init)
        guard path.utf8.first == UInt8(ascii: "/"), parts.starts(with: ["api", "mirrors"]) else { return nil }
        let words = parts.dropFirst(2).map { $0 }
        switch (words.count, words.first ?? "", words.last ?? "") {
        case (0, _, _): self = .list
        case (1, "runs", _): self = .runs
        case (1, let name, _) where MirrorRoute.mayBeName(name): self = .mirror(name)
        case (2, "runs", let number):
            guard number.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let number = Int64(number)
            else { return nil }
            self = .report(number)
        case (2, let name, "plan") where MirrorRoute.mayBeName(name): self = .plan(name)
        case (2, let name, "run") where MirrorRoute.mayBeName(name): self = .run(name)
        case (2, let name, "cancel") where MirrorRoute.mayBeName(name): self = .cancel(name)
        default: return nil
        }
    }

    private static func mayBeName(_ text: String) -> Bool {
        !reservedNames.contains(text) && (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
                    UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// All are one kind: which path was asked is the log's object.
    public var kind: Int { 0 }

    /// GET for what asks, POST for what does.
    public var methods: MethodSet {
        switch self {
        case .list, .mirror, .plan, .runs, .report: .read
        case .run, .cancel: .post
        }
    }

    /// The path behind `/api/`.
    public var object: String? {
        switch self {
        case .list: "mirrors"
        case .mirror(let name): "mirrors/" + name
        case .plan(let name): "mirrors/\(name)/plan"
        case .run(let name): "mirrors/\(name)/run"
        case .cancel(let name): "mirrors/\(name)/cancel"
        case .runs: "mirrors/runs"
        case .report(let number): "mirrors/runs/\(number)"
        }
    }

    /// Whoever may read may ask; whoever may write may do, and have others contacted.
    public func need(_ method: HTTPMethod) -> AccessNeed {
        switch self {
        case .list, .mirror, .runs, .report: .read
        case .plan, .run, .cancel: .readWrite
        }
    }
}
