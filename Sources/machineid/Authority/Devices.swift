/// A device of the organisation's list.
struct Device {
    let id: String
    let isRevoked: Bool
    /// The list's entry, as the authority gives it.
    let entry: JSON
}

enum Devices {
    /// All devices of the organisation, active and revoked.
    static func list(_ session: Session) throws(Failure) -> [Device] {
        let answer = try session.client().list()
        guard answer.isOK else { throw answer.failure(about: nil) }
        guard let entries = answer.reply?["devices"], entries.isArray else {
            throw .badReply("the authority's reply has no list of devices")
        }
        var devices: [Device] = []
        for index in 0..<entries.count {
            guard let entry = entries.element(index), let id = entry.string("deviceId") else {
                throw .badReply("entry \(index + 1) of the authority's list has no deviceId")
            }
            devices.append(Device(id: id, isRevoked: entry.bool("revoked") ?? false, entry: entry))
        }
        return devices
    }
}
