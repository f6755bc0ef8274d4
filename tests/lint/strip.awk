# Blanks comments and the insides of strings and character constants of C files and
# prints what is left as "file:line:text". Include lines stay as they are.
FNR == 1 { in_comment = 0 }
{
    if (!in_comment && $0 ~ /^[ \t]*#[ \t]*include/) {
        print FILENAME ":" FNR ":" $0
        next
    }
    out = ""
    quote = ""
    n = length($0)
    for (i = 1; i <= n; i++) {
        c = substr($0, i, 1)
        two = substr($0, i, 2)
        if (in_comment) {
            if (two == "*/") { in_comment = 0; i++; out = out " " }
        } else if (quote != "") {
            if (c == "\\") i++
            else if (c == quote) { quote = ""; out = out c }
        } else if (two == "/*") { in_comment = 1; i++ }
        else if (two == "//") break
        else {
            if (c == "\"" || c == "\047") quote = c
            out = out c
        }
    }
    print FILENAME ":" FNR ":" out
}
