# Reads include/machineid.h for header-pages.awk.
#
# A comment belongs to what follows it. A comment that begins with a ruler, ---- Name ----, begins a section; the rest
# of it applies to all functions of the section. A function without a comment shares the page of the function before it,
# and an enum without a comment holds the values of the type before it.

{ source[NR] = $0 }

function read_header(    i, text, code) {
    for (i = 1; i <= NR; i++) {
        if (source[i] ~ /^[ \t]*$/ || source[i] ~ /^extern "C" \{$/ || source[i] == "}") continue
        if (source[i] ~ /^#/) {
            if (source[i] !~ /^#define [A-Z_]+ /) continue
            code = source[i]
            take(code, text)
        } else if (source[i] ~ /^\/\*/) {
            text = source[i]
            while (source[i] !~ /\*\// && i < NR) text = text "\n" source[++i]
            text = comment_text(text)
            if (overview == "") { overview = text; text = "" }
            else if (text ~ /^---- /) { open_section(text); text = "" }
            continue
        } else {
            code = source[i]
            while (!is_whole(code) && i < NR) code = code "\n" source[++i]
            take(code, text)
        }
        text = ""
    }
}

# Returns a comment without its stars.
function comment_text(text) {
    sub(/^\/\*[ \n]*/, "", text)
    sub(/[ \n]*\*\/$/, "", text)
    gsub(/\n \* /, "\n", text)
    while (gsub(/\n \*\n/, "\n\n", text)) continue
    sub(/^[* \n]*/, "", text)
    return text
}

function open_section(text,    title) {
    title = text
    sub(/\n.*/, "", title)
    sub(/^-+ /, "", title)
    sub(/ *-+$/, "", title)
    sub(/^[^\n]*\n*/, "", text)
    section_title[++sections] = title
    section_text[sections] = text
}

# Whether a declaration is complete: it ends in a semicolon outside of braces and comments.
function is_whole(code,    opened, closed) {
    code = without_comments(code)
    opened = gsub(/\{/, "", code)
    closed = gsub(/\}/, "", code)
    return opened == closed && code ~ /;[ \n]*$/
}

function without_comments(code,    from, to) {
    while (from = index(code, "/*")) {
        to = index(substr(code, from), "*/")
        code = substr(code, 1, from - 1) (to ? substr(code, from + to + 1) : "")
    }
    return code
}

function take(code, text,    name) {
    if (code ~ /^#define/) {
        name = code
        sub(/^#define /, "", name)
        sub(/ .*/, "", name)
        add_type("#", name, name, text)
    } else if (code ~ /^enum/) {
        if (text != "" || !types) add_type("e", "", "", text)
        values[types] = code
    } else if (code ~ /^typedef/) {
        name = code
        if (match(name, /\(\*mid_[a-z0-9_]+\)/)) name = substr(name, RSTART + 2, RLENGTH - 3)
        else { sub(/;[ \n]*$/, "", name); sub(/.*[ *}]/, "", name) }
        add_type("t", name, code, text)
    } else if (match(code, /[a-z0-9_]+\(/)) {
        add_function(substr(code, RSTART, RLENGTH - 1), substr(code, 1, RSTART - 1), substr(code, RSTART + RLENGTH), text)
    }
}

function add_type(kind, name, code, text) {
    type_name[++types] = name
    type_code[types] = code
    type_text[types] = text
    type_kind[types] = kind
}

function add_function(name, result, parameters, text) {
    sub(/ $/, "", result)
    sub(/\);[ \n]*$/, "", parameters)
    gsub(/[ \n]+/, " ", parameters)
    function_name[++functions] = name
    function_result[functions] = result
    function_parameters[functions] = parameters
    function_section[functions] = sections
    function_text[functions] = text
    leader[functions] = text == "" && functions > 1 ? leader[functions - 1] : functions
}
