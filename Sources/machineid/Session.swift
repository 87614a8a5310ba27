/// What a command works with: the console, and the client, which is made only when a command needs it.
final class Session {
    let console = Console()
    private let arguments: Arguments
    private var made: Client?
    private var found: Result<OrgKey.Found, Failure>?

    init(_ arguments: Arguments) {
        self.arguments = arguments
        console.isJSON = arguments.commonValue("json") != nil
    }

    /// The org key. It is read only once, since a pipe cannot be read again.
    func key() throws(Failure) -> OrgKey.Found {
        switch found {
        case .success(let key): return key
        case .failure(let failure): throw failure
        case nil: break
        }
        do throws(Failure) {
            let key = try OrgKey.find(arguments.commonValue("key-file"))
            found = .success(key)
            console.hide(key.secret)
            return key
        } catch {
            found = .failure(error)
            throw error
        }
    }

    func client() throws(Failure) -> Client {
        if let made { return made }
        let client = try Client(arguments, self)
        made = client
        return client
    }

    /// Makes another client, whose calls take at most `timeout` milliseconds.
    func client(timeout: Int) throws(Failure) -> Client { try Client(arguments, self, timeout: timeout) }
}
