# Reads a list of roots, one name or address per line, and then a disassembly (objdump -d --no-show-raw-insn).
#
# Prints "count NAME N" for each function that can stop the process, and "path A -> B -> C" for each of those that a
# root can reach through calls, jumps and addresses taken.

FNR == NR { roots[++rootCount] = $1; next }

/^[0-9a-f]+ <.*>:$/ {
    name = substr($2, 2, length($2) - 3)
    address = $1
    sub(/^0+/, "", address)
    at[address] = name
    next
}

/\t(ud2|brk|udf)/ || /<mid_trap>$/ || /<abort@plt>$/ { count[name]++ }

match($0, /<[^>]+>/) {
    target = substr($0, RSTART + 1, RLENGTH - 2)
    sub(/\+0x[0-9a-f]+$/, "", target)
    if (target != name) targets[name] = targets[name] " " target
}

END {
    for (name in count) print "count", name, count[name]
    for (n = 1; n <= rootCount; n++) {
        name = roots[n] in at ? at[roots[n]] : roots[n]
        if (!(name in path)) { path[name] = name; queue[++last] = name }
    }
    for (first = 1; first <= last; first++) {
        name = queue[first]
        if (name in count) print "path", path[name]
        n = split(targets[name], next_, " ")
        for (i = 1; i <= n; i++) {
            if (next_[i] in path) continue
            path[next_[i]] = path[name] " -> " next_[i]
            queue[++last] = next_[i]
        }
    }
}
