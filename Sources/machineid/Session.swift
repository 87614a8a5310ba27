/// What a command works with: the console, and the client, which is made when it is first needed.
final class Session {
    let console = Console()
    private let arguments: Arguments
    private var made: Client?
    private var found: Result<OrgKey.Found, Failure>?

    init(_ arguments: Arguments) {
        self.arguments = arguments
        console.isJSON = arguments.commonValue("json") != nil
    }

    /// The org key. It is read once: what has come out of a pipe does not come out of it again.
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

    /// Another client, whose calls take no more than so many milliseconds.
    func client(timeout: Int) throws(Failure) -> Client { try Client(arguments, self, timeout: timeout) }
}
