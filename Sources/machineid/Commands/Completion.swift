extension Command {
    static let completion = Command(
        name: "completion", operands: "bash|zsh|fish", about: "print the completion for a shell",
        details: [
            "An installed machineid has its completions where the shells look for them. Otherwise write the output to "
                + "a file: for bash ~/.local/share/bash-completion/completions/machineid, for zsh a file named "
                + "_machineid in a folder of fpath, for fish ~/.config/fish/completions/machineid.fish."
        ],
        examples: ["source <(machineid completion bash)"], words: .these(["bash", "zsh", "fish"]),
        run: { session, arguments throws(Failure) in
            guard arguments.operands.count == 1, let shell = arguments.operands.first else {
                throw .usage("completion needs one shell: machineid completion bash|zsh|fish")
            }
            if shell.isSame(as: "bash") {
                session.console.say(text: BashCompletion.script())
            } else if shell.isSame(as: "zsh") {
                session.console.say(text: ZshCompletion.script())
            } else if shell.isSame(as: "fish") {
                session.console.say(text: FishCompletion.script())
            } else {
                throw .usage("there is no completion for '\(shell)'; there is one for bash, zsh and fish")
            }
            return ExitStatus.done
        })
}
