/// What calls and checks are counted under: the operations of machineid.h, by their endpoint where they have one of
/// their own.
struct CountedOperation {
    static var count: Int { 10 }

    let index: Int

    init(index: Int) { self.index = index }

    init(_ endpoint: Endpoint) { index = Int(endpoint.rawValue) }

    static var validateMany: CountedOperation { CountedOperation(index: 7) }
    static var guardStart: CountedOperation { CountedOperation(index: 8) }
    /// A check that a guard makes in the background.
    static var guardCheck: CountedOperation { CountedOperation(index: 9) }

    /// The name in the report.
    var name: Literal {
        switch index {
        case 0: "register"
        case 1: "validate"
        case 2: "list_devices"
        case 3: "revoke"
        case 4: "unrevoke"
        case 5: "remove"
        case 6: "usage"
        case 7: "validate_many"
        case 8: "guard_start"
        default: "guard_check"
        }
    }
}
