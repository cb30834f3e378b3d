public import Content
internal import SQLite

extension MirrorDatabase {
    /// Begins a run, which holds the mirror's lock until `endRun` or until this process dies.
    ///
    /// - Throws: `.conflict` when a run of the mirror is under way, `.parameterInvalid` for a name that no file has.
    public func beginRun(of mirror: String, _ trigger: MirrorTrigger, at time: Int64) throws(ContentError) -> MirrorRun
    {
        let begun = try locks.take(
            mirror,
            { () throws(ContentError) in
                let id = try write { sql throws(ContentError) in
                    try sql.run(
                        "UPDATE runs SET outcome = 'interrupted' WHERE mirror = ?1 AND outcome = 'running'",
                        [.text(mirror)])
                    try sql.run(
                        """
                        INSERT INTO runs (mirror, cause, started_at, outcome, message, selected, copied, retagged,
                            left_alone, marked, pruned, failed, blobs, bytes, mounted, source_requests,
                            destination_requests)
                        VALUES (?1, ?2, ?3, 'running', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
                        """, [.text(mirror), .text(trigger.rawValue), .integer(time)])
                    return sql.connection.lastInsertedRow
                }
                return MirrorRun(id: id, mirror: mirror, trigger: trigger, startedAt: time)
            }, number: \.id)
        guard let begun else {
            throw .conflict("mirror \(mirror) is running already, here or in another process; wait for it to end")
        }
        return begun
    }

    /// Writes down how far a run is.
    public func noteProgress(_ run: MirrorRun) throws(ContentError) {
        try write(isLight: true) { sql throws(ContentError) in try MirrorDatabase.update(run, sql) }
    }

    /// Writes down how a run ended, and gives the mirror's lock back, whatever it throws.
    public func endRun(_ run: MirrorRun, _ failures: [MirrorFailure]) throws(ContentError) {
        defer { locks.release(run.mirror, run.id) }
        try write { sql throws(ContentError) in
            try MirrorDatabase.update(run, sql)
            try sql.run("DELETE FROM failures WHERE run_id = ?1", [.integer(run.id)])
            for (position, failure) in failures.prefix(10_000).enumerated() {
                try MirrorDatabase.insert(failure, at: position, of: run.id, sql)
            }
            try MirrorDatabase.dropOld(run.mirror, sql)
        }
    }

    private static func update(_ run: MirrorRun, _ sql: SQL) throws(ContentError) {
        let counts = run.counts
        let numbers = [
            counts.selected, counts.copied, counts.retagged, counts.left, counts.marked, counts.pruned, counts.failed,
            counts.blobs, counts.bytes, counts.mounted, counts.sourceRequests, counts.destinationRequests,
        ]
        try sql.run(
            """
            UPDATE runs SET ended_at = ?2, outcome = ?3, message = ?4, selected = ?5, copied = ?6, retagged = ?7,
                left_alone = ?8, marked = ?9, pruned = ?10, failed = ?11, blobs = ?12, bytes = ?13, mounted = ?14,
                source_requests = ?15, destination_requests = ?16
            WHERE id = ?1
            """,
            [.integer(run.id), .optional(run.endedAt), .text(run.outcome.rawValue), .text(clip(run.message))]
                + numbers.map { .integer($0) })
    }

    private static func insert(_ failure: MirrorFailure, at position: Int, of run: Int64, _ sql: SQL)
        throws(ContentError)
    {
        // A run that is not there any more has no failures either.
        try sql.run(
            """
            INSERT INTO failures (run_id, position, source, destination, side, reason, hint)
            SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM runs WHERE id = ?1
            """,
            [
                .integer(run), .integer(Int64(position)), .text(clip(failure.source)), .text(clip(failure.destination)),
                .text(failure.side.rawValue), .text(clip(failure.reason)), .text(clip(failure.hint)),
            ])
    }

    /// What a server answered may be in a sentence; it does not decide how large this file gets.
    private static func clip(_ text: String) -> String {
        text.utf8.count <= 2048 ? text : String(decoding: text.utf8.prefix(2048), as: UTF8.self)
    }

    /// Drops the runs behind the last 1,000, and the failures of those behind the last 100.
    private static func dropOld(_ mirror: String, _ sql: SQL) throws(ContentError) {
        // One run more than before: one leaves each of the two windows.
        try sql.run(
            """
            DELETE FROM runs WHERE mirror = ?1
            AND id <= (SELECT id FROM runs WHERE mirror = ?1 ORDER BY id DESC LIMIT 1 OFFSET 1000)
            """, [.text(mirror)])
        try sql.run(
            """
            DELETE FROM failures WHERE run_id IN
                (SELECT id FROM runs WHERE mirror = ?1 ORDER BY id DESC LIMIT 2 OFFSET 100)
            """, [.text(mirror)])
    }

    // MARK: Reading

    /// The latest runs first, of one mirror or of all; of those whose process is gone `outcome` is `interrupted`.
    public func runs(of mirror: String?, before last: Int64?, limit: Int) throws(ContentError) -> [MirrorRun] {
        let bounds: [SQLValue] = [.integer(last ?? .max), .integer(Int64(max(0, limit)))]
        let runs = try read { sql throws(ContentError) in
            if let mirror {
                try sql.all(
                    """
                    SELECT id, mirror, cause, started_at, ended_at, outcome, message, selected, copied, retagged,
                        left_alone, marked, pruned, failed, blobs, bytes, mounted, source_requests, destination_requests
                    FROM runs WHERE mirror = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3
                    """, [.text(mirror)] + bounds, MirrorDatabase.run)
            } else {
                try sql.all(
                    """
                    SELECT id, mirror, cause, started_at, ended_at, outcome, message, selected, copied, retagged,
                        left_alone, marked, pruned, failed, blobs, bytes, mounted, source_requests, destination_requests
                    FROM runs WHERE id < ?1 ORDER BY id DESC LIMIT ?2
                    """, bounds, MirrorDatabase.run)
            }
        }
        var answer: [MirrorRun] = []
        for run in runs { answer.append(try looked(run)) }
        return answer
    }

    /// One run; nil when there is none of that number.
    public func run(_ id: Int64) throws(ContentError) -> MirrorRun? {
        guard let run = try row(id) else { return nil }
        return try looked(run)
    }

    private func row(_ id: Int64) throws(ContentError) -> MirrorRun? {
        try read { sql throws(ContentError) in
            try sql.first(
                """
                SELECT id, mirror, cause, started_at, ended_at, outcome, message, selected, copied, retagged,
                    left_alone, marked, pruned, failed, blobs, bytes, mounted, source_requests, destination_requests
                FROM runs WHERE id = ?1
                """, [.integer(id)], MirrorDatabase.run)
        }
    }

    /// A run as it is: what the row calls running may have died.
    private func looked(_ run: MirrorRun) throws(ContentError) -> MirrorRun {
        guard run.outcome == .running, try !locks.isTaken(run.mirror) else { return run }
        // It may have ended between the row and the lock.
        guard var run = try row(run.id) else { return run }
        if run.outcome == .running { run.outcome = .interrupted }
        return run
    }

    /// What failed in a run, in the order noted.
    public func failures(of run: Int64) throws(ContentError) -> [MirrorFailure] {
        try read { sql throws(ContentError) in
            try sql.all(
                """
                SELECT source, destination, side, reason, hint FROM failures WHERE run_id = ?1 ORDER BY position
                """, [.integer(run)]
            ) {
                MirrorFailure(
                    source: $0.text(0), destination: $0.text(1), side: TransferSide(rawValue: $0.text(2)) ?? .source,
                    reason: $0.text(3), hint: $0.text(4))
            }
        }
    }

    private static func run(_ row: Row) -> MirrorRun {
        var counts = MirrorCounts()
        counts.selected = row.integer(7)
        counts.copied = row.integer(8)
        counts.retagged = row.integer(9)
        counts.left = row.integer(10)
        counts.marked = row.integer(11)
        counts.pruned = row.integer(12)
        counts.failed = row.integer(13)
        counts.blobs = row.integer(14)
        counts.bytes = row.integer(15)
        counts.mounted = row.integer(16)
        counts.sourceRequests = row.integer(17)
        counts.destinationRequests = row.integer(18)
        return MirrorRun(
            id: row.integer(0), mirror: row.text(1), trigger: MirrorTrigger(rawValue: row.text(2)) ?? .command,
            startedAt: row.integer(3), endedAt: row.optionalInteger(4),
            outcome: MirrorOutcome(rawValue: row.text(5)) ?? .failed, counts: counts, message: row.text(6))
    }
}
