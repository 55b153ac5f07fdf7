# Prints the files without comments and without the contents of strings, each line as FILE:LINE:TEXT.
FNR == 1 { comment = 0 }
{
    out = ""
    for (s = $0; s != "";) {
        if (comment) {
            at = index(s, "*/")
            if (!at)
                break
            comment = 0
            s = substr(s, at + 2)
        } else if (!match(s, /\/\*|\/\/|"|'/)) {
            out = out s
            break
        } else {
            out = out substr(s, 1, RSTART - 1)
            what = substr(s, RSTART, RLENGTH)
            s = substr(s, RSTART + RLENGTH)
            if (what == "//")
                break
            if (what == "/*") {
                comment = 1
            } else {
                out = out what what
                end = what == "\"" ? "^([^\"\\\\]|\\\\.)*\"" : "^([^'\\\\]|\\\\.)*'"
                s = match(s, end) ? substr(s, RLENGTH + 1) : ""
            }
        }
    }
    print FILENAME ":" FNR ":" out
}
