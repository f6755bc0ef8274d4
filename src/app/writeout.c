/* SPDX-License-Identifier: MIT
 *
 * app/writeout.c - a text of the user's own for each finished item. The format is taken apart once,
 * before the run. Main's thread; owns no lock.
 */
#include "app/writeout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <pxfer/fetch.h>
#include <pxfer/status.h>
#include <pxfer/timing.h>

#include "app/jsonl.h"
#include "base/clock.h"
#include "base/show.h"

#define FORMAT_MAX_BYTES ((size_t)64 << 10)
#define NAME_MAX_BYTES 40

struct piece;

struct writeout {
    char *text; /* owned: the format, with its escapes resolved; the pieces point into it */
    struct piece *pieces;
    size_t n_pieces;
    struct journal_schema schema;
    const struct exits_table *exits;
    struct jsonl json;
    bool spider;
};

/* What a variable looks at. */
struct subject {
    struct writeout *writeout;
    const struct px_item *item;
    const struct px_fetch_detail *detail; /* never NULL */
    FILE *to;
};

struct variable {
    const char *name;
    void (*put)(const struct subject *subject);
};

/* Text, or a variable. */
struct piece {
    const struct variable *variable; /* NULL: text */
    const char *text;
    size_t len;
};

/* --- variables -------------------------------------------------------------------------------*/

static void put_shown(FILE *to, char *shown)
{
    fputs(shown != NULL ? shown : "", to);
    free(shown);
}

static void put_text(FILE *to, const char *text)
{
    if (text != NULL) {
        put_shown(to, px_show_dup(text));
    }
}

static void put_seconds(FILE *to, int64_t ns)
{
    const int64_t us = ns > 0 ? ns / PX_NS_PER_US : 0;
    fprintf(to, "%" PRId64 ".%06" PRId64, us / 1000000, us % 1000000);
}

static void put_url(const struct subject *s)
{
    put_shown(s->to, px_show_url_dup(s->item->source));
}

static void put_url_effective(const struct subject *s)
{
    const char *final = s->detail->final_url;
    put_shown(s->to, px_show_url_dup(final != NULL ? final : s->item->source));
}

static void put_http_code(const struct subject *s)
{
    fprintf(s->to, "%03ld", s->detail->http_status);
}

static void put_bytes(const struct subject *s)
{
    fprintf(s->to, "%" PRIu64, s->item->bytes);
}

static int64_t total_ns(const struct px_item *item)
{
    return item->begin_ns != 0 ? item->end_ns - item->begin_ns : 0;
}

static void put_speed(const struct subject *s)
{
    const int64_t ns = total_ns(s->item);
    const uint64_t moved = s->item->bytes - s->detail->bytes_kept;
    fprintf(s->to, "%.0f", ns > 0 ? (double)moved * 1e9 / (double)ns : 0.0);
}

/* The phases up to and with `last`, as curl counts its moments: from the start. */
static int64_t until_ns(const struct subject *s, enum px_fetch_phase last)
{
    int64_t sum = 0;
    for (int i = PX_FETCH_DNS; i <= (int)last; i++) {
        sum += s->item->phase_ns[i];
    }
    return sum;
}

static void put_time_total(const struct subject *s)
{
    put_seconds(s->to, total_ns(s->item));
}

static void put_time_namelookup(const struct subject *s)
{
    put_seconds(s->to, until_ns(s, PX_FETCH_DNS));
}

static void put_time_connect(const struct subject *s)
{
    put_seconds(s->to, until_ns(s, PX_FETCH_CONNECT));
}

/* 0 where there was no handshake, as curl says. */
static void put_time_appconnect(const struct subject *s)
{
    const bool secured = s->item->phase_ns[PX_FETCH_TLS] > 0;
    put_seconds(s->to, secured ? until_ns(s, PX_FETCH_TLS) : 0);
}

static void put_time_starttransfer(const struct subject *s)
{
    put_seconds(s->to, until_ns(s, PX_FETCH_FIRST_BYTE));
}

static void put_filename(const struct subject *s)
{
    put_text(s->to, s->item->target);
}

static void put_content_type(const struct subject *s)
{
    put_text(s->to, s->detail->content_type);
}

static void put_redirects(const struct subject *s)
{
    fprintf(s->to, "%u", s->detail->redirects);
}

static void put_retries(const struct subject *s)
{
    fprintf(s->to, "%u", s->item->attempts > 0 ? s->item->attempts - 1 : 0);
}

static void put_exitcode(const struct subject *s)
{
    const bool failed = s->item->state == PX_ITEM_FAILED;
    fprintf(s->to, "%d", failed ? exits_code_of(s->writeout->exits, s->item->status) : 0);
}

/* Escaped already, as px_item has it. */
static void put_errormsg(const struct subject *s)
{
    if (s->item->state == PX_ITEM_FAILED) {
        fputs(s->item->error != NULL ? s->item->error : px_status_text(s->item->status), s->to);
    }
}

static void put_state(const struct subject *s)
{
    fputs(px_item_state_name(s->item->state), s->to);
}

static void put_title(const struct subject *s)
{
    put_text(s->to, s->detail->title);
}

static void put_line(const struct subject *s)
{
    fprintf(s->to, "%" PRIu64, s->item->line);
}

static void put_json(const struct subject *s)
{
    struct jsonl *json = &s->writeout->json;
    jsonl_reset(json);
    journal_object(json, &s->writeout->schema, s->item, px_clock_wall_s(px_clock_real()));
    fwrite(json->text, 1, json->error == PX_OK ? json->len : 0, s->to);
}

static const struct variable variables[] = {
    {"bytes", put_bytes},
    {"content_type", put_content_type},
    {"errormsg", put_errormsg},
    {"exitcode", put_exitcode},
    {"filename_effective", put_filename},
    {"http_code", put_http_code},
    {"json", put_json},
    {"line", put_line},
    {"num_redirects", put_redirects},
    {"num_retries", put_retries},
    {"response_code", put_http_code},
    {"size_download", put_bytes},
    {"speed_download", put_speed},
    {"state", put_state},
    {"status", put_http_code},
    {"time_appconnect", put_time_appconnect},
    {"time_connect", put_time_connect},
    {"time_namelookup", put_time_namelookup},
    {"time_starttransfer", put_time_starttransfer},
    {"time_total", put_time_total},
    {"title", put_title},
    {"url", put_url},
    {"url_effective", put_url_effective},
};

static const struct variable *find_variable(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        if (strlen(variables[i].name) == len && memcmp(variables[i].name, name, len) == 0) {
            return &variables[i];
        }
    }
    return NULL;
}

/* --- the format ------------------------------------------------------------------------------*/

/* A whole file, NUL-terminated; caller frees. NULL: it cannot be read, or is too long. */
static char *read_file(const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *text = file != NULL ? malloc(FORMAT_MAX_BYTES + 1) : NULL;
    size_t n = 0;
    if (text != NULL) {
        n = fread(text, 1, FORMAT_MAX_BYTES + 1, file);
        text[n < FORMAT_MAX_BYTES ? n : FORMAT_MAX_BYTES] = '\0';
    }
    const bool bad = text == NULL || ferror(file) || n > FORMAT_MAX_BYTES;
    if (file != NULL && file != stdin) {
        fclose(file); /* was only read */
    }
    if (bad) {
        free(text);
        return NULL;
    }
    return text;
}

static char escaped(char letter)
{
    switch (letter) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case '\\': return '\\';
    default: return '\0';
    }
}

/* Turns the format into pieces; text is moved to the left as its escapes get shorter. */
static int take_apart(struct writeout *w, char *error, size_t room)
{
    const size_t len = strlen(w->text);
    char *to = w->text;
    char *begin = to;

    w->pieces = calloc(2 * len + 1, sizeof *w->pieces); /* at most: text, variable, text ... */
    if (w->pieces == NULL) {
        return PX_ENOMEM;
    }
    for (const char *at = w->text; *at != '\0';) {
        if (*at == '\\' && escaped(at[1]) != '\0') {
            *to++ = escaped(at[1]);
            at += 2;
        } else if (at[0] == '%' && at[1] == '%') {
            *to++ = '%';
            at += 2;
        } else if (at[0] == '%' && at[1] == '{') {
            const char *name = at + 2;
            const size_t n = strcspn(name, "}");
            const struct variable *variable = name[n] == '}' ? find_variable(name, n) : NULL;
            if (variable == NULL) {
                char shown[PX_SHOW_ROOM(NAME_MAX_BYTES)];
                px_show(shown, sizeof shown, name, n < NAME_MAX_BYTES ? n : NAME_MAX_BYTES);
                snprintf(error, room, "there is no variable %%{%s}", shown);
                return PX_EUSAGE;
            }
            w->pieces[w->n_pieces++] = (struct piece){.text = begin, .len = (size_t)(to - begin)};
            w->pieces[w->n_pieces++] = (struct piece){.variable = variable};
            begin = to;
            at = name + n + 1;
        } else {
            *to++ = *at++;
        }
    }
    w->pieces[w->n_pieces++] = (struct piece){.text = begin, .len = (size_t)(to - begin)};
    return PX_OK;
}

int writeout_new(const char *format, const struct journal_schema *schema,
                 const struct exits_table *exits, char *error, size_t room, struct writeout **out)
{
    struct writeout *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return PX_ENOMEM;
    }
    w->schema = *schema;
    w->exits = exits;
    w->text = format[0] == '@' ? read_file(format + 1) : strdup(format);
    int status = PX_ENOMEM;
    if (w->text != NULL) {
        status = take_apart(w, error, room);
    } else if (format[0] == '@') {
        snprintf(error, room, "its file cannot be read");
        status = PX_EUSAGE;
    }
    if (status != PX_OK) {
        writeout_free(w);
        return status;
    }
    *out = w;
    return PX_OK;
}

int writeout_new_spider(struct writeout **out)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL) {
        return PX_ENOMEM;
    }
    (*out)->spider = true;
    return PX_OK;
}

void writeout_free(struct writeout *w)
{
    if (w == NULL) {
        return;
    }
    jsonl_fini(&w->json);
    free(w->pieces);
    free(w->text);
    free(w);
}

bool writeout_wants_title(const struct writeout *w)
{
    for (size_t i = 0; w != NULL && i < w->n_pieces; i++) {
        if (w->pieces[i].variable != NULL && w->pieces[i].variable->put == put_title) {
            return true;
        }
    }
    return false;
}

/* --- an item ---------------------------------------------------------------------------------*/

static void put_spider_line(const struct subject *s)
{
    const long http = s->detail->http_status;
    put_url(s);
    fputs(" - ", s->to);
    if (s->item->state == PX_ITEM_OK) {
        fputs("exists", s->to);
    } else if (s->item->status == PX_EHTTP && (http == 404 || http == 410)) {
        fputs("does not exist", s->to);
    } else {
        put_errormsg(s);
    }
    fputc('\n', s->to);
}

int writeout_item(struct writeout *w, const struct px_item *item, FILE *to)
{
    static const struct px_fetch_detail nothing;
    const struct subject subject = {.writeout = w,
                                    .item = item,
                                    .detail = item->detail != NULL ? item->detail : &nothing,
                                    .to = to};
    if (w->spider) {
        put_spider_line(&subject);
    }
    for (size_t i = 0; i < w->n_pieces; i++) {
        const struct piece *piece = &w->pieces[i];
        if (piece->variable != NULL) {
            piece->variable->put(&subject);
        } else {
            fwrite(piece->text, 1, piece->len, to);
        }
    }
    return ferror(to) ? PX_EIO : PX_OK;
}
