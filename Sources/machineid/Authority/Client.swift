internal import CMachineID
internal import CTool

/// A client of the library.
final class Client {
    private let handle: OpaquePointer
    /// Milliseconds that one call may take.
    let timeout: Int

    /// Makes a client with the org key, and with the options that the command line and the environment give.
    ///
    /// - Parameter timeout: milliseconds for one call; overrides theirs.
    init(_ arguments: Arguments, _ session: Session, timeout: Int? = nil) throws(Failure) {
        let options = try Client.options(arguments)
        if let timeout { options.set("timeout_ms", timeout) }
        self.timeout = options.integer("timeout_ms") ?? 10_000
        let key = try session.key()
        let (client, answer) = Client.make(key, options.line)
        guard answer.isOK, let client else {
            let failure = answer.failure(about: nil)
            if let named = Client.named(failure, key.name, arguments) { throw named }
            throw failure
        }
        handle = client
    }

    deinit { mid_client_free(handle) }

    private static func make(_ key: OrgKey.Found, _ options: String) -> (OpaquePointer?, Answer) {
        var client: OpaquePointer?
        var text: UnsafeMutablePointer<CChar>?
        let status = key.secret.base.withMemoryRebound(to: CChar.self, capacity: key.secret.capacity) {
            mid_client_new($0, options, &client, &text)
        }
        return (client, Answer(status, takingOver: text))
    }

    /// Throws when the library rejects this key. Nothing is sent.
    static func check(_ key: OrgKey.Found, _ arguments: Arguments) throws(Failure) {
        let (client, answer) = make(key, "{}")
        mid_client_free(client)
        guard answer.status == MID_INVALID_ARGUMENT else { return }
        let failure = answer.failure(about: nil)
        throw named(failure, key.name, arguments) ?? failure
    }

    /// Rewrites the library's parameter name to the option or variable that the user set; nil if it needs no change.
    private static func named(_ failure: Failure, _ keyName: String, _ arguments: Arguments) -> Failure? {
        if failure.message.begins(with: "org_key") {
            return .noKey(keyName + String(bytes: failure.message.utf8.dropFirst("org_key".utf8.count)))
        }
        guard failure.message.begins(with: "base_url") else {
            let isOption = failure.status.isSame(as: "MID_INVALID_OPTIONS") && arguments.commonValue("options") != nil
            return isOption ? .usage("--options: \(failure.message)") : nil
        }
        let isGiven = arguments.commonValue("base-url") != nil
        let isOption = arguments.commonValue("options").flatMap { JSON.parse($0) }?["base_url"] != nil
        let name = isGiven ? "--base-url" : isOption ? "--options: base_url" : "MACHINEID_BASE_URL"
        return .usage(name + String(bytes: failure.message.utf8.dropFirst("base_url".utf8.count)))
    }

    /// The options of the client: those in --options, which --base-url and --timeout override. Without a base_url in
    /// these, MACHINEID_BASE_URL counts.
    static func options(_ arguments: Arguments) throws(Failure) -> JSON {
        var options = JSON.object()
        if let given = arguments.commonValue("options") {
            guard let object = JSON.parse(given), object.isObject else {
                throw .usage("--options must be a JSON object, such as '{\"connect_timeout_ms\":1000}'")
            }
            options = object
        }
        if let url = arguments.commonValue("base-url") {
            options.set("base_url", url)
        } else if options["base_url"] == nil, let url = Environment.text("MACHINEID_BASE_URL")?.trimmed, !url.isEmpty {
            options.set("base_url", url)
        }
        if let timeout = arguments.commonValue("timeout") {
            options.set("timeout_ms", try Number.milliseconds(timeout, "--timeout", 1...3_600_000))
        }
        return options
    }

    /// Starts a guard for a device; nil when its first question brought no decision.
    func guardian(of device: String, intervalMilliseconds: Int) -> Guard? {
        Guard(handle, device, intervalMilliseconds: intervalMilliseconds)
    }

    typealias Operation = (OpaquePointer?, UnsafePointer<CChar>?, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?)
        ->
        mid_status

    /// Calls an operation for one device.
    func ask(_ operation: Operation, _ device: String) -> Answer {
        var text: UnsafeMutablePointer<CChar>?
        let status = operation(handle, device, &text)
        return Answer(status, takingOver: text)
    }

    func list() -> Answer {
        var text: UnsafeMutablePointer<CChar>?
        let status = mid_list_devices(handle, &text)
        return Answer(status, takingOver: text)
    }

    func usage() -> Answer {
        var text: UnsafeMutablePointer<CChar>?
        let status = mid_usage(handle, &text)
        return Answer(status, takingOver: text)
    }

    /// The counters of the client; nil when memory is refused.
    func stats() -> JSON? {
        var text: UnsafeMutablePointer<CChar>?
        let status = mid_client_stats(handle, &text)
        let answer = Answer(status, takingOver: text)
        return answer.isOK ? answer.reply : nil
    }

    /// Asks for the decisions on many devices at once. Throws when the call fails as a whole.
    func validate(_ devices: [String]) throws(Failure) -> [Verdict] {
        var ids: [UnsafePointer<CChar>?] = []
        defer { for id in ids { free(UnsafeMutablePointer(mutating: id)) } }
        for device in devices {
            guard let copy = strdup(device) else { throw .outOfMemory }
            ids.append(UnsafePointer(copy))
        }
        var allowed = [CInt](repeating: 0, count: devices.count)
        var text: UnsafeMutablePointer<CChar>?
        let status = mid_validate_many(handle, ids, ids.count, &allowed, &text)
        let answer = Answer(status, takingOver: text)
        guard let replies = answer.reply, replies.isArray, replies.count == devices.count else {
            throw answer.failure(about: nil)
        }
        return devices.indices.map { index in
            Verdict(
                devices[index], isAllowed: allowed[index] == 1, replies.element(index),
                areAllDecisions: status == MID_OK)
        }
    }
}
