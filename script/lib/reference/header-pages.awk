# Writes the man pages of include/machineid.h: machineid.3, which describes the library as a whole, and a page for each
# function. Needs mdoc.awk, read-header.awk, and -v folder= version= date=.

END {
    read_header()
    for (f = 1; f <= functions; f++) write_function(f)
    write_overview()
}

function prototype(f,    list, n, i, part, depth) {
    emit(".Ft " argument_text(function_result[f]))
    emit(".Fo " function_name[f])
    n = split(function_parameters[f], list, /, /)
    part = ""
    for (i = 1; i <= n; i++) {
        # Commas inside a callback's parameter list do not separate parameters.
        part = part (part == "" ? "" : ", ") list[i]
        depth = part
        if (gsub(/\(/, "", depth) == gsub(/\)/, "", depth)) { emit(".Fa \"" argument_text(part) "\""); part = "" }
    }
    emit(".Fc")
}

function argument_text(text) { gsub(/"/, "\\(dq", text); return text }

function library() {
    emit(".Sh LIBRARY")
    emit("libmachineid (libmachineid.so.0, \\-lmachineid)")
}

# Text that the header calls "above" is in machineid(3) when it is read on a page of its own.
function apart(text) {
    while (match(text, /"[A-Za-z]+" above/)) text = substr(text, 1, RSTART + RLENGTH - 6) "in machineid(3)" substr(text, RSTART + RLENGTH)
    return text
}

# write_function(F): writes the page of a function and of the other functions that share its comment.
function write_function(f,    g, s, first) {
    split("", mentioned)
    page = folder "/" function_name[f] ".3"
    first = leader[f]
    self = "|"
    for (g = first; g <= functions && leader[g] == first; g++) self = self function_name[g] "|"
    page_head(function_name[f], 3)
    for (g = first; g <= functions && leader[g] == first; g++)
        emit(".Nm " function_name[g] (g < functions && leader[g + 1] == first ? " ," : ""))
    emit(".Nd " escaped(summary(function_text[first])))
    library()
    emit(".Sh SYNOPSIS")
    emit(".In machineid.h")
    for (g = first; g <= functions && leader[g] == first; g++) prototype(g)
    emit(".Sh DESCRIPTION")
    render(apart(function_text[first]))
    s = function_section[f]
    if (section_text[s] != "") {
        emit(".Ss " section_title[s])
        render(apart(section_text[s]))
    }
    mentioned["machineid"] = 1
    see_also(mentioned)
    close(page)
}

function write_overview(    text, name, i, s, f) {
    split("", mentioned)
    self = "|"
    page = folder "/machineid.3"
    name = overview
    sub(/\n.*/, "", name)
    sub(/^[^ ]* - /, "", name)
    text = overview
    sub(/^[^\n]*\n+/, "", text)

    page_head("machineid", 3)
    emit(".Nm machineid")
    emit(".Nd " name)
    library()
    emit(".Sh SYNOPSIS")
    emit(".In machineid.h")
    for (f = 1; f <= functions; f++) prototype(f)
    emit(".Sh DESCRIPTION")
    render(text, 1)
    emit(".Sh TYPES AND CONSTANTS")
    for (i = 1; i <= types; i++) write_type(i)
    emit(".Sh FUNCTIONS")
    for (s = 1; s <= sections; s++) {
        emit(".Ss " section_title[s])
        emit(".Bl -tag -width Ds")
        for (f = 1; f <= functions; f++) {
            if (function_section[f] != s) continue
            emit(".It Xr " function_name[f] " 3")
            words(summary(function_text[leader[f]]))
        }
        emit(".El")
    }
    emit(".Sh SEE ALSO")
    emit(".Xr machineid-emulator 1")
    if (history != "") {
        emit(".Sh HISTORY")
        words(history)
    }
    close(page)
}

function write_type(i) {
    emit(".Ss " (type_name[i] == "" ? "Constants" : type_name[i]))
    if (type_kind[i] == "t") {
        emit(".Bd -literal -compact")
        example(type_code[i])
        emit(".Ed")
        if (type_text[i] != "") emit(".Pp")
    }
    render(type_text[i])
    if (i in values) write_values(values[i])
}

# Writes the values of an enum, NAME = NUMBER, with a comment behind or above each. If a value has two comments, the
# first one describes the group that begins there.
function write_values(code,    group, above, behind, to, name, in_list) {
    sub(/^enum[^{]*\{/, "", code)
    sub(/\}[^}]*$/, "", code)
    group = above = ""
    while (code ~ /[^ \n]/) {
        sub(/^[ \n]+/, "", code)
        if (substr(code, 1, 2) == "/*") {
            to = index(code, "*/")
            group = above
            above = value_text(substr(code, 1, to + 1))
            code = substr(code, to + 2)
            continue
        }
        match(code, /^[^,\n\/]*/)
        name = substr(code, 1, RLENGTH)
        code = substr(code, RLENGTH + 1)
        sub(/^,/, "", code)
        sub(/ +$/, "", name)
        behind = ""
        if (code ~ /^ *\/\*/) {
            to = index(code, "*/")
            behind = code
            sub(/^ +/, "", behind)
            behind = value_text(substr(behind, 1, index(behind, "*/") + 1))
            code = substr(code, to + 2)
        }
        if (behind == "") behind = above
        else if (above != "") group = above
        if (group != "") {
            if (in_list) emit(".El")
            emit(".Pp")
            words(group)
            in_list = 0
        }
        group = above = ""
        if (!in_list) emit(".Bl -tag -width Ds")
        in_list = 1
        to = index(name, " = ")
        emit(".It Dv " (to ? substr(name, 1, to - 1) " No = " substr(name, to + 3) : name))
        words(behind)
    }
    if (in_list) emit(".El")
}

# Returns the text of a comment on values, without its indentation.
function value_text(text) {
    text = comment_text(text)
    gsub(/\n +(\* )?/, "\n", text)
    return text
}
