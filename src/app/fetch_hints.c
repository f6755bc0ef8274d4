/* SPDX-License-Identifier: MIT
 *
 * app/fetch_hints.c - options of curl, wget and aria2c that pfetch does not have. A table, no code.
 *
 * Refused with a word on what to write, for an option that is taken in silence and means something
 * else is worse than none. Those that are taken, because they ask for what is done anyway and mean
 * nothing else in any of the three, are rows of the option table (OPTION_IGNORED).
 */
#include "app/fetch_hints.h"

#define CONTINUES                                                                            \
    "what an earlier run of pfetch left is continued without it; remove a file that another" \
    " program left unfinished"
#define NAMES "names come from the URL without it; another one is -o NAME, standard output --stdout"
#define FOLDER "write -d DIR"
#define QUIET "write -q"
#define PARALLEL "write -j N"
#define TRIES "write --retries N"
#define PAUSE "write --retry-wait SEC"
#define LOGIN "write -u USER:PASS"
#define PROXY "write --proxy URL"
#define INSECURE "write --insecure"
#define GET_ONLY "only GET requests are made"
#define HEAD "write --spider, and -vv for the headers"
#define FLAT "nothing is fetched recursively"
#define SHELL "write & behind the command"
#define TO_FILE "write 2>FILE; a record of each file: --journal FILE"
#define COOKIES "write --load-cookies FILE, or -H 'Cookie: NAME=VALUE'"
#define NEWER "write -N"
#define ANSWER "write -vv"
#define LEAST_TLS "write --tls-min=1.2 or 1.3"
#define NO_CONFIG "there is no configuration file"

const struct option_hint fetch_hints[] = {
    /* letters that are free */
    {'C', "continue-at", CONTINUES},
    {'D', "daemon", SHELL},
    {'E', NULL, "a client certificate is --cert FILE"},
    {'F', "form", GET_ONLY},
    {'G', "get", GET_ONLY},
    {'I', "head", HEAD},
    {'J', "remote-header-name", "write --content-disposition"},
    {'K', "config", NO_CONFIG},
    {'M', "metalink-file", "write -i FILE"},
    {'O', NULL, NAMES},
    {'P', "directory-prefix", FOLDER},
    {'Q', "quota", "the size of each file is limited by --max-size SIZE"},
    {'S', "show-error", "errors are shown without it, headers by -vv"},
    {'U', NULL, "the agent is -A TEXT, the user for a proxy --proxy-user USER:PASS"},
    {'X', "request", GET_ONLY},
    {'a', "append-output", TO_FILE},
    {'b', "background", SHELL ", cookies are --load-cookies FILE"},
    {'c', "continue", CONTINUES},
    {'e', NULL, "the referrer is --referer URL"},
    {'g', "globoff", "URLs are taken as they are without it"},
    {'l', "log", TO_FILE},
    {'m', "mirror", FLAT "; a limit of time is --max-time SEC"},
    {'n', NULL, "-nc is what is done without it, -nv is -q, curl's -n is --netrc"},
    {'p', "page-requisites", FLAT},
    {'r', "recursive", FLAT},
    {'t', "tries", TRIES " or, for a time, -T SEC"},
    {'w', "wait", "write --delay SEC"},
    {'y', NULL, "write --speed-time SEC"},
    {'z', "time-cond", NEWER},
    {'#', "progress-bar", "write --progress=bar"},

    /* names of curl */
    {0, "anyauth", LOGIN ": Basic is all there is"},
    {0, "cookie", COOKIES},
    {0, "cookie-jar", "cookies of servers are not kept beyond a URL"},
    {0, "compressed", "files are asked for as they are, not packed for the way"},
    {0, "create-dirs", "directories are made without it"},
    {0, "data", GET_ONLY},
    {0, "dump-header", ANSWER},
    {0, "etag-compare", "write -N with --journal FILE"},
    {0, "etag-save", "write -N with --journal FILE"},
    {0, "fail-early", "write --fail-fast"},
    {0, "include", ANSWER},
    {0, "location-trusted", "headers and passwords go to their own origin only"},
    {0, "max-filesize", "write --max-size SIZE"},
    {0, "max-redirs", "10 redirects are followed at most"},
    {0, "next", "a list may have options for each URL"},
    {0, "no-progress-meter", "write --progress=none"},
    {0, "output", "write -o NAME"},
    {0, "output-dir", FOLDER},
    {0, "parallel-immediate", PARALLEL},
    {0, "parallel-max", PARALLEL},
    {0, "proto", "http and https are all there is"},
    {0, "rate", "write --delay SEC"},
    {0, "remove-on-error", "an unfinished file never has its name"},
    {0, "retry", TRIES},
    {0, "retry-all-errors", "what may pass is tried again without it"},
    {0, "retry-connrefused", "it is tried again without it"},
    {0, "retry-delay", PAUSE},
    {0, "retry-max-time", "write --max-time SEC"},
    {0, "silent", QUIET},
    {0, "tlsv1.2", LEAST_TLS},
    {0, "tlsv1.3", LEAST_TLS},
    {0, "upload-file", GET_ONLY},
    {0, "url", "write the URL alone"},

    /* of wget and wget2 */
    {0, "bind-address", "write --interface ADDRESS"},
    {0, "ca-certificate", "write --cacert FILE"},
    {0, "certificate", "write --cert FILE"},
    {0, "debug", ANSWER},
    {0, "dns-timeout", "write --connect-timeout SEC"},
    {0, "force-directories", "write --dirs=host/path"},
    {0, "http-password", LOGIN},
    {0, "max-redirect", "10 redirects are followed at most"},
    {0, "max-threads", PARALLEL},
    {0, "method", GET_ONLY},
    {0, "no-check-certificate", INSECURE},
    {0, "no-clobber", "a name that exists is left alone without it: see --on-exist"},
    {0, "no-directories", "there are none without --dirs"},
    {0, "no-proxy", "write --proxy ''"},
    {0, "no-verbose", QUIET},
    {0, "output-document", "write -o NAME"},
    {0, "output-file", TO_FILE},
    {0, "password", LOGIN},
    {0, "post-data", GET_ONLY},
    {0, "private-key", "write --key FILE"},
    {0, "random-wait", "write --delay SEC"},
    {0, "read-timeout", "write -T SEC"},
    {0, "save-cookies", "cookies of servers are not kept beyond a URL"},
    {0, "server-response", ANSWER},
    {0, "show-progress", "write --progress=bar"},
    {0, "timestamping", NEWER},
    {0, "trust-server-names", "the name is that of the given URL; or write --content-disposition"},
    {0, "waitretry", PAUSE},

    /* of aria2c */
    {0, "all-proxy", PROXY},
    {0, "allow-overwrite", "write --on-exist=overwrite"},
    {0, "auto-file-renaming", "write --on-exist=rename"},
    {0, "check-certificate", INSECURE},
    {0, "checksum", "write checksum=sha-256=HEX below the URL in a list, or --checksum-file FILE"},
    {0, "conditional-get", NEWER},
    {0, "file-allocation", "there is nothing to choose"},
    {0, "force-sequential", "each URL is a file of its own without it"},
    {0, "http-passwd", LOGIN},
    {0, "http-proxy", PROXY},
    {0, "http-user", LOGIN},
    {0, "https-proxy", PROXY},
    {0, "lowest-speed-limit", "write --speed-limit SIZE"},
    {0, "max-concurrent-downloads", PARALLEL},
    {0, "max-connection-per-server", "write -x N"},
    {0, "max-download-limit", "write --limit-rate-per-file SIZE"},
    {0, "max-overall-download-limit", "write --limit-rate SIZE"},
    {0, "max-tries", TRIES},
    {0, "parameterized-uri", "write the URLs out"},
    {0, "save-session", "write --failed FILE"},
    {0, "summary-interval", "write --progress=plain"},

    /* letters that mean something else: told when their argument makes no sense here */
    {'k', NULL, "curl's -k is --insecure"},
    {'s', NULL, "curl's -s is -q"},
    {'x', NULL, "a proxy is --proxy URL"},
    {0, NULL, NULL},
};
