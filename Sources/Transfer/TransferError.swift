// Transfer: copies what a manifest stands for from one end to another: children before parents, tags last.
//
// Owns: the one copy algorithm, what is known of the destination within a run, who moves a blob that many want.
// Invariant: a manifest is put only when everything below it is at the destination, and a tag only when its manifest is.
// Threads: any task may call; memory is bounded by the copies under way, not by what is copied.

public import Content

/// What ended a copy, and on which side.
public struct TransferError: Error, Sendable, Equatable {
    /// The side that failed.
    public var side: TransferSide
    /// What it said.
    public var error: ContentError

    /// Builds it.
    public init(_ side: TransferSide, _ error: ContentError) {
        self.side = side
        self.error = error
    }
}
