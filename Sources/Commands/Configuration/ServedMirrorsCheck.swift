import MirrorServer
import Sync

/// Tells what is wrong with the mirror file of a server: each mistake where it stands in that file.
enum ServedMirrorsCheck {
    static let key = "mirrors"

    static func mistakes(in loaded: LoadedConfiguration) -> [ConfigurationMistake] {
        guard let path = loaded.configuration.mirrors else { return [] }
        do throws(CommandError) {
            let file = try LoadedMirrorFile.load(path, MirrorFileReading(environment: loaded.environment))
            return file.mistakes + reserved(file)
        } catch {
            let origin = loaded.origin(key)
            return [ConfigurationMistake(origin: origin, message: error.message, hint: error.hints.first)]
        }
    }

    /// Names whose paths below `/api/mirrors` mean something else.
    private static func reserved(_ loaded: LoadedMirrorFile) -> [ConfigurationMistake] {
        var mistakes: [ConfigurationMistake] = []
        for (index, rule) in loaded.file.mirrors.enumerated() where MirrorRoute.reservedNames.contains(rule.name) {
            let place = "mirrors.\(index)"
            mistakes.append(
                ConfigurationMistake(
                    origin: loaded.origins[place + ".name"] ?? loaded.origins[place] ?? .preset,
                    message: "a mirror of a server cannot be named \(rule.name): its path means something else",
                    hint: "give it another name"))
        }
        return mistakes
    }
}
