# Turns the lines that common.sh describes into Markdown: a table for each section, and the
# targets with what was measured. A run that failed counts nowhere but in the number of runs.
# Ratios are taken within a round, then the median over the rounds.
BEGIN { FS = "\t" }

$1 == "M" {
    section = $2; row = $3; label = $5; round = $6
    if (!((section, row) in seen_row)) {
        seen_row[section, row] = ++rows
        row_section[rows] = section; row_name[rows] = row
        if (!(section in seen_section)) {
            seen_section[section] = ++sections
            section_name[sections] = section
        }
    }
    r = seen_row[section, row]
    if (!((r, label) in runs)) {
        label_name[r, ++labels[r]] = label
        kind[r, label] = $4
    }
    runs[r, label]++
    if ($11 != "") { trouble[r, label] = $11; next }
    n = ++good[r, label]
    wall[r, label, n] = $7 / 1e6; cpu[r, label, n] = ($8 + $9) / 1e6; rss[r, label, n] = $10 / 1024
    by_round[r, label, round] = $7 / 1e6
    figures[r, label, n] = $12
    if (round > last_round) last_round = round
}

$1 == "C" { column[$2] = $3 }

$1 == "T" {
    t = ++targets
    t_section[t] = $2; t_row[t] = $3; t_metric[t] = $4; t_label[t] = $5
    t_against[t] = $6; t_limit[t] = $7; t_text[t] = $8
}

# The median of list[1..n], which is sorted in place.
function median(n,    i, j, x) {
    for (i = 2; i <= n; i++) {
        x = list[i]
        for (j = i - 1; j > 0 && list[j] > x; j--) list[j + 1] = list[j]
        list[j + 1] = x
    }
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

function median_of(what, r, label,    i) {
    for (i = 1; i <= good[r, label]; i++)
        list[i] = what == "wall" ? wall[r, label, i] : what == "cpu" ? cpu[r, label, i] : \
            what == "rss" ? rss[r, label, i] : figures[r, label, i]
    return median(good[r, label])
}

# After median_of: list is sorted.
function spread(n) { return sprintf("%.3f–%.3f", list[1], list[n]) }

# 0 if there is no round in which both were right.
function ratio(r, label, other,    i, n) {
    n = 0
    for (i = 1; i <= last_round; i++)
        if ((r, label, i) in by_round && (r, other, i) in by_round)
            list[++n] = by_round[r, label, i] / by_round[r, other, i]
    return n ? median(n) : 0
}

function fastest_peer(r,    i, label, best, m, least) {
    best = ""
    for (i = 1; i <= labels[r]; i++) {
        label = label_name[r, i]
        if (kind[r, label] != "peer" || !good[r, label]) continue
        m = median_of("wall", r, label)
        if (best == "" || m < least) { best = label; least = m }
    }
    return best
}

# main, the peers by their medians, what failed, ours.
function place(r, label) {
    if (kind[r, label] != "peer") return kind[r, label] == "main" ? -1 : 1e9
    return good[r, label] ? median_of("wall", r, label) : 1e8
}

function sort_labels(r,    i, j, x) {
    for (i = 2; i <= labels[r]; i++) {
        x = label_name[r, i]
        for (j = i - 1; j > 0 && place(r, label_name[r, j]) > place(r, x); j--)
            label_name[r, j + 1] = label_name[r, j]
        label_name[r, j + 1] = x
    }
}

function print_row(r,    i, label, first, m, range, times, peer, text, extra) {
    sort_labels(r)
    peer = fastest_peer(r)
    first = row_name[r]
    for (i = 1; i <= labels[r]; i++) {
        label = label_name[r, i]
        text = kind[r, label] ~ /^(main|ours)$/ ? "**`" label "`**" : "`" label "`"
        if (!good[r, label]) {
            printf "| %s | %s |%s failed: %s | | | | | 0 of %d |\n", first, text,
                row_section[r] in column ? " |" : "", trouble[r, label], runs[r, label]
            first = ""
            continue
        }
        m = median_of("wall", r, label); range = spread(good[r, label])
        times = peer == "" ? "" : sprintf("%.2f", ratio(r, label, peer))
        extra = row_section[r] in column ? sprintf(" %.2f |", median_of("figure", r, label)) : ""
        printf "| %s | %s |%s %.3f | %s | %s | %.2f | %.1f | %s |\n", first, text, extra, m, range,
            times, median_of("cpu", r, label), median_of("rss", r, label),
            good[r, label] == runs[r, label] ? runs[r, label] : good[r, label] " of " runs[r, label]
        first = ""
    }
}

function print_section(s,    r, extra) {
    printf "### %s\n\n", section_name[s]
    extra = section_name[s] in column ? " " column[section_name[s]] " |" : ""
    print "| what | program |" extra " wall, s | least–most | to the fastest peer | CPU, s | peak RSS, MB | runs |"
    print "|---|---|" (extra ? "--:|" : "") "--:|--:|--:|--:|--:|--:|"
    for (r = 1; r <= rows; r++)
        if (row_section[r] == section_name[s]) print_row(r)
    print ""
}

function print_target(t,    r, value, unit, other) {
    if (!((t_section[t], t_row[t]) in seen_row)) return
    r = seen_row[t_section[t], t_row[t]]
    value = 0; unit = ""
    if (good[r, t_label[t]]) {
        other = t_against[t] == "fastest-peer" ? fastest_peer(r) : t_against[t]
        if (t_metric[t] == "ratio") value = ratio(r, t_label[t], other)
        else if (t_metric[t] == "wall_s") { value = median_of("wall", r, t_label[t]); unit = " s" }
        else { value = median_of("rss", r, t_label[t]); unit = " MB" }
    }
    printf "| %s | %s | %s | %s |\n", t_row[t], t_text[t], value ? sprintf("%.2f%s", value, unit) : "–",
        !value ? "not measured" : value <= t_limit[t] ? "met" : "**missed**"
}

END {
    if (targets) {
        print "### Targets\n\n| what | target | measured | |\n|---|---|--:|---|"
        for (t = 1; t <= targets; t++) print_target(t)
        print ""
    }
    for (s = 1; s <= sections; s++) print_section(s)
}
