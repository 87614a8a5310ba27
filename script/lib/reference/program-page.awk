# Reads the --help output of a program and writes its man page. Needs mdoc.awk, and -v name= page= version= date=.
#
# The first line is "Usage: NAME ARGUMENTS"; indented lines may continue it. "Environment:", "Exit status:" and
# "Example:" at the left margin begin sections. The first two hold one paragraph, and the last holds all lines indented
# below it.

FNR == 1 || (usage_goes_on && /^ /) {
    sub(/^Usage: */, "")
    usage_goes_on = 1
    sub("^ *(or: *)?" name " ?", "")
    usage[++usages] = $0
    next
}
{ usage_goes_on = 0 }
/^Examples?:/ { part = "examples"; sub(/^Examples?: */, "") ; text[part] = text[part] $0 "\n"; next }
/^Environment: / { part = "environment"; sub(/^Environment: /, "") ; text[part] = text[part] $0 "\n"; next }
/^Exit status: / { part = "status"; sub(/^Exit status: /, "") ; text[part] = text[part] $0 "\n"; next }
part == "examples" ? /^[^ ]/ : /^$/ { part = "description" }
{ text[part] = text[part] $0 "\n" }

END {
    self = "|"
    page_head(name, 1)
    emit(".Nm " name)
    sub(/^\n+/, "", text["description"])
    emit(".Nd " escaped(summary(text["description"])))
    emit(".Sh SYNOPSIS")
    for (i = 1; i <= usages; i++) { emit(".Nm"); if (usage[i] != "") emit(escaped(usage[i])) }
    emit(".Sh DESCRIPTION")
    render(text["description"])
    section("ENVIRONMENT", "environment")
    section("EXIT STATUS", "status")
    section("EXAMPLES", "examples")
    emit(".Sh SEE ALSO")
    emit(".Xr machineid 3")
}

function section(title, part) {
    if (!(part in text)) return
    emit(".Sh " title)
    render(text[part])
}
