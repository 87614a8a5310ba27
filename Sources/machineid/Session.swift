/// What a command works with: the console, and the client, which is made when it is first needed.
final class Session {
    let console = Console()
    private let arguments: Arguments
    private var made: Client?

    init(_ arguments: Arguments) {
        self.arguments = arguments
        console.isJSON = arguments.commonValue("json") != nil
    }

    func client() throws(Failure) -> Client {
        if let made { return made }
        let client = try Client(arguments)
        made = client
        return client
    }
}
