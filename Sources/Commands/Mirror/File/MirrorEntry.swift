import Sync
import Transfer

/// A mirror while it is read: what may still be missing, and what can be switched off with its details kept.
struct MirrorEntry: Sendable, Equatable {
    var name: String?
    var from: MirrorPlace?
    var to: MirrorPlace?
    var repositories: [NamePattern] = []
    var exclude: [NamePattern] = []
    var versions = VersionSelection()
    var pins: [MirrorPin] = []
    var naming = NameTemplate.same
    var platforms: [Platform] = []
    var referrers = Switch(ReferrerFilter())
    var immutable = ImmutableTags.none
    var dependencies = false
    var images = Switch(ImageClosure())
    var hosts: [String] = []
    var prune = Switch(PruneRule())
    var rhythm: MirrorSchedule.Rhythm?
    var jitter = Duration.zero
    var destinationCheck = Duration.seconds(86_400)
    var concurrency = 16

    /// Something with details that is done or not.
    struct Switch<Details: Sendable & Equatable>: Sendable, Equatable {
        var isOn = false
        var details: Details

        init(_ details: Details) {
            self.details = details
        }

        /// The details when it is on.
        var chosen: Details? { isOn ? details : nil }
    }

    /// The rule, when the mirror has its name and its ends.
    var rule: MirrorRule? {
        guard let name, let from, let to else { return nil }
        var rule = MirrorRule(name: name, from: from, to: to)
        rule.repositories = repositories
        rule.exclude = exclude
        rule.versions = versions
        rule.pins = pins
        rule.naming = naming
        rule.platforms = platforms
        rule.referrers = referrers.chosen
        rule.immutable = immutable
        rule.closure.dependencies = dependencies
        rule.closure.images = images.chosen
        rule.closure.hosts = hosts
        rule.prune = prune.chosen
        rule.schedule = rhythm.map { MirrorSchedule($0, jitter: jitter) }
        rule.destinationCheck = destinationCheck
        rule.concurrency = concurrency
        return rule
    }
}

/// A value of a mirror while it is read.
typealias MirrorField<Value> = WritableKeyPath<MirrorEntry, Value> & Sendable
