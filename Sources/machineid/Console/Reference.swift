/// The table of commands and options as JSON, for programs.
enum Reference {
    static func json() -> JSON {
        let commands = JSON.array()
        for command in Command.all {
            let object = JSON.object()
            object.set("name", command.name)
            object.set("operands", command.operands)
            object.set("about", command.about)
            object.set("options", options(command.options))
            commands.append(object)
        }
        let statuses = JSON.object()
        for (number, about) in ExitStatus.table { statuses.set(number, about) }
        let object = JSON.object()
        object.set("commands", commands)
        object.set("options", options(Option.common))
        object.set("exit_statuses", statuses)
        return object
    }

    private static func options(_ options: [Option]) -> JSON {
        let array = JSON.array()
        for option in options {
            let object = JSON.object()
            object.set("name", "--\(option.name)")
            object.set("value", option.value.name)
            object.set("about", option.about)
            array.append(object)
        }
        return array
    }
}
