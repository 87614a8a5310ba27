# Converts plain text, as in comments and in --help, to mdoc, the language of man pages. Used by the other awk programs.
#
# A paragraph ends at an empty line. A line with two or more spaces after its first words is a list item: the words are
# the term, and the rest describes it and may continue below in the same column. Other indented lines are examples and
# are kept as they are. mid_name(), MID_NAME and text in backticks are marked up.

# emit(LINE): writes LINE to the page, whose file name is in `page`.
function emit(line) { print line > page }

function escaped(text) {
    gsub(/\\/, "\\e", text)
    if (text ~ /^[.']/) text = "\\&" text
    return text
}

# Returns a word for a macro line, escaped if it has the name of a macro.
function argument(word) {
    gsub(/\\/, "\\e", word)
    gsub(/"/, "\\(dq", word)
    return word ~ /^[A-Z][a-z]$|^%/ ? "\\&" word : word
}

function flush_line() {
    if (line != "") emit(escaped(line))
    line = ""
}

# macro_of(WORD): the macro that marks up a word, or "". `self` holds the names of the page, such as "|mid_free|".
function macro_of(word,    name) {
    if (word ~ /^mid_[a-z0-9_]+\(\)$/) {
        name = substr(word, 1, length(word) - 2)
        if (index(self, "|" name "|")) return ".Fn " name
        mentioned[name] = 1
        return ".Xr " name " 3"
    }
    if (word ~ /^[A-Za-z_][A-Za-z0-9_]*\(\)$/) return ".Fn " substr(word, 1, length(word) - 2)
    if (word ~ /^MID_[A-Z0-9_]+$/) return ".Dv " word
    if (word ~ /^[a-z][a-z-]*\([1-8]\)$/) return ".Xr " substr(word, 1, length(word) - 3) " " substr(word, length(word) - 1, 1)
    if (word ~ /^`[^`]+`$/) {
        word = argument(substr(word, 2, length(word) - 2))
        return ".Fa " (word ~ / / ? "\"" word "\"" : word)
    }
    return ""
}

# Writes running text, one sentence per line.
function words(text,    n, i, word, list, before, after, macro) {
    # Words within the same backticks stay together.
    while (match(text, /`[^` ]+ [^`]*`/)) {
        word = substr(text, RSTART, RLENGTH)
        gsub(/ /, "\001", word)
        text = substr(text, 1, RSTART - 1) word substr(text, RSTART + RLENGTH)
    }
    n = split(text, list, /[ \n]+/)
    for (i = 1; i <= n; i++) {
        word = list[i]
        if (word == "") continue
        gsub(/\001/, " ", word)
        before = after = ""
        if (word ~ /^\(./) { before = "( "; word = substr(word, 2) }
        if (match(word, /[.,:;?!)]+$/) && word !~ /\(\)$/) { after = substr(word, RSTART); word = substr(word, 1, RSTART - 1) }
        if (word ~ /\(\)'s$/) { after = "\001" after; word = substr(word, 1, length(word) - 2) }
        # moves the ) of f() back to the word
        if (word ~ /\(\)?$/ && after ~ /^\)/) { word = word ")"; after = substr(after, 2) }
        if ((macro = macro_of(word)) != "") {
            flush_line()
            if (before != "") sub(/ /, " ( ", macro)
            gsub(/./, " &", after)
            sub(/\001/, "Ns 's", after)
            emit(macro after)
            continue
        }
        if (before != "") word = "(" word
        word = word after
        if (length(line) + length(word) > 78) flush_line()
        line = line (line == "" ? "" : " ") word
        if (word ~ /[.?!]["')]*$/) flush_line()
    }
    flush_line()
}

function indent(text) { match(text, /^ */); return RLENGTH }
function is_item(text) { return text ~ /^[^ ]+( [^ ]+)*  +[^ ]/ || text ~ /^-/ }

# Whether the line begins with a quoted term that is as wide as its column.
function fills_column(text, column) { return match(text, /^"[^" ]+" [^ ]/) && RLENGTH == column + 1 }

# Writes the macro line of a list item, whose term is names, an option with its argument, or plain words.
function item_head(term,    list, n, i, macro, word, comma, head) {
    macro = term ~ /^[a-z][a-z0-9_]*(, [a-z][a-z0-9_]*)*$/ ? " Fa " : term ~ /^MID_[A-Z0-9_]+(, MID_[A-Z0-9_]+)*$/ ? " Dv " : " "
    n = split(term, list, " ")
    head = ""
    for (i = 1; i <= n; i++) {
        comma = sub(/,$/, "", list[i]) ? " ," : ""
        word = argument(list[i])
        if (term ~ /^-/) macro = word ~ /^-/ ? " Sy " : " Ar "
        gsub(/-/, "\\-", word)
        head = head macro word comma
        if (macro == " Fa " || macro == " Dv ") macro = " "
    }
    emit(".It" head)
}

# Returns the lines from `first` on that are indented by `by` or more, without that indentation; empty lines among them
# stay. Sets `next_line`.
function inner(lines, first, last, by,    i, text, gap) {
    text = gap = ""
    for (i = first; i <= last; i++) {
        if (lines[i] == "") { gap = gap "\n"; continue }
        if (indent(lines[i]) < by) break
        text = text (i == first ? "" : "\n") gap substr(lines[i], by + 1)
        gap = ""
        next_line = i + 1
    }
    return text
}

function example(text,    list, n, i) {
    n = split(text, list, "\n")
    for (i = 1; i <= n; i++) {
        list[i] = escaped(list[i])
        gsub(/-/, "\\-", list[i])
        emit(list[i])
    }
}

# Writes the list that begins at line i; returns the line after it.
function list_of_items(lines, i, n,    column, term, text) {
    emit(".Bl -tag -width Ds")
    column = 0
    while (i <= n && indent(lines[i]) == 0 && (is_item(lines[i]) || fills_column(lines[i], column))) {
        if (fills_column(lines[i], column)) {
            term = substr(lines[i], 1, column - 1)
            text = substr(lines[i], column + 1)
        } else if (match(lines[i], /  +/)) {
            term = substr(lines[i], 1, RSTART - 1)
            column = RSTART + RLENGTH - 1
            text = substr(lines[i], column + 1)
        } else { # a long option, whose description begins on the next line
            term = lines[i]
            column = i < n ? indent(lines[i + 1]) : 0
            text = ""
        }
        next_line = ++i
        if (i <= n && column > 0 && indent(lines[i]) >= column) text = text "\n" inner(lines, i, n, column)
        i = next_line
        item_head(term)
        render(text)
    }
    emit(".El")
    return i
}

# render(TEXT, HEADINGS): writes any text. With HEADINGS, a line above lines indented by two is a heading, and
# paragraphs after the first heading go to `history`.
function render(text, headings,    lines, n, i, block, item, started) {
    n = split(text, lines, "\n")
    for (i = 1; i <= n; i++) if (indent(lines[i]) == 1) lines[i] = substr(lines[i], 2) # a hanging indent
    for (i = 1; i <= n; ) {
        if (lines[i] == "") { i++; continue }
        if (indent(lines[i]) > 0) {
            block = inner(lines, i, n, indent(lines[i]))
            item = is_item(substr(lines[i], indent(lines[i]) + 1))
            i = next_line
            if (item) render(block)
            else {
                emit(".Bd -literal -offset indent")
                example(block)
                emit(".Ed")
            }
        } else if (is_item(lines[i])) {
            i = list_of_items(lines, i, n)
        } else if (headings && i < n && indent(lines[i + 1]) == 2 && lines[i] !~ /[.,:;]$/) {
            emit(".Ss " lines[i])
            block = inner(lines, i + 1, n, 2)
            i = next_line
            render(block)
            headings = 2
            continue
        } else {
            block = ""
            for (; i <= n && lines[i] != "" && indent(lines[i]) == 0 && !is_item(lines[i]); i++) block = block " " lines[i]
            if (headings == 2) { history = history block "\n"; continue }
            if (started) emit(".Pp")
            words(block)
        }
        started = 1
    }
}

# Writes the opening of a page of section `section`.
function page_head(name, section) {
    emit(".Dd " date)
    emit(".Dt " toupper(name) " " section)
    emit(".Os libmachineid " version)
    emit(".Sh NAME")
}

# see_also(NAMES): writes references to these pages of section 3; the names are the keys.
function see_also(names,    list, n, i, j, name) {
    for (name in names) {
        for (j = ++n; j > 1 && list[j - 1] > name; j--) list[j] = list[j - 1]
        list[j] = name
    }
    if (n) emit(".Sh SEE ALSO")
    for (i = 1; i <= n; i++) emit(".Xr " list[i] " 3" (i < n ? " ," : ""))
}

# The summary of a text: its first words, up to a full stop, colon or similar.
function summary(text) {
    sub(/\n\n.*/, "", text)
    gsub(/\n/, " ", text)
    gsub(/`/, "", text)
    if (match(text, /[.:;?!]( |$)/)) text = substr(text, 1, RSTART - 1)
    if (text ~ /^[A-Z][a-z]* /) text = tolower(substr(text, 1, 1)) substr(text, 2)
    return text
}
