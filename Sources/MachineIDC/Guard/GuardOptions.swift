internal import CPlatform

/// The options of a guard in milliseconds, checked: every key known, every value of the right type and in its range.
struct GuardOptions {
    private(set) var interval = 5_000
    private(set) var maxAge = 15_000

    /// - Parameter text: the options as the caller wrote them; NULL for the defaults.
    init(_ text: UnsafePointer<CChar>?) throws(Failure) {
        guard let text else { return }
        let document = try Options.document(text)
        var givenInterval: Int?
        var givenAge: Int?
        try document.root.forEachMember { key, value throws(Failure) in
            let option = OptionValue(key: key, value: value)
            if key == "interval_ms" {
                givenInterval = try option.integer(20, 3_600_000)
            } else if key == "max_age_ms" {
                givenAge = try option.integer(40, Int(Int32.max))
            } else {
                throw Failure(
                    .invalidOptions, "unknown option \(redacted(key)) of a guard; there are interval_ms and max_age_ms")
            }
        }
        interval = givenInterval ?? interval
        maxAge = givenAge ?? 3 &* interval
        guard maxAge >= 2 &* interval, maxAge <= 1_000 &* interval else {
            throw Failure(
                .invalidOptions,
                "max_age_ms must be from 2 to 1000 times interval_ms, which is \(interval), not \(maxAge)")
        }
    }
}
