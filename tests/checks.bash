# shellcheck shell=bash
# Sourced by suites that are one script of checks: a scratch folder in $tmp, and TAP.
#
#   check NAME COMMAND...   the command's status is the test, its output the details
#   end_checks              the plan; the suite's exit status
#
# A suite that starts something says in at_end how it is stopped.
suite=$(basename "$0" .sh)
number=0 bad=0
tmp=$(mktemp -d) || exit 1
at_end() { :; }
trap 'at_end; rm -rf "$tmp"' EXIT

check() {
    local name=$1
    shift
    number=$((number + 1))
    if "$@" >"$tmp/details" 2>&1; then
        echo "ok $number - $suite: $name"
    else
        echo "not ok $number - $suite: $name"
        sed 's/^/# /' "$tmp/details"
        bad=$((bad + 1))
    fi
}

end_checks() {
    echo "1..$number"
    exit $((bad > 0))
}
