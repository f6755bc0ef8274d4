# Puts the rows of a new run into the results of an earlier one, in the earlier order:
#   awk -f merge.awk NEW OLD
# A row is replaced whole, its targets too; rows that only NEW has come last.
BEGIN { FS = "\t" }

function put(row) {
    if (!(row in done)) printf "%s", text[row]
    done[row] = 1
}

{ row = $2 FS $3 }

FNR == NR {
    if (!(row in text)) order[++rows] = row
    text[row] = text[row] $0 "\n"
    next
}

row in text { put(row); next }

{ print }

END { for (i = 1; i <= rows; i++) put(order[i]) }
