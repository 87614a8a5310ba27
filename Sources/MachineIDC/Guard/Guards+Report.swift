internal import CPlatform

// The guards in the report of `mid_client_stats`.
extension Guards {
    /// Adds to the number of denied or of ended guards; has no effect for `live`. Requires the lock.
    func countEnded(_ state: Guard.State, _ difference: Int) {
        switch state {
        case .live: break
        case .denied: locked.pointee.denied &+= difference
        case .ended: locked.pointee.ended &+= difference
        }
    }

    /// Writes how many guards of a client there are in each state, of those that were started in this process.
    static func write(of client: Client, to text: inout JSONText) {
        var (on, live, denied, ended) = (0, 0, 0, 0)
        if let transport = client.currentTransport {
            transport.lock()
            if let companion = transport.locked.pointee.companion {
                let guards = Guards(context: companion.context)
                guards.locked.pointee.live.forEach { deviceGuard in
                    live &+= 1
                    if deviceGuard.isAllowed { on &+= 1 }
                }
                (denied, ended) = (guards.locked.pointee.denied, guards.locked.pointee.ended)
            }
            transport.unlock()
        }
        text.open("guards")
        text.set("on", on)
        text.set("lapsed", live &- on)
        text.set("denied", denied)
        text.set("ended", ended)
        text.close()
    }
}
