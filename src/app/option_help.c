/* SPDX-License-Identifier: MIT
 *
 * app/option_help.c - --help and the bash completion script, from the option table. Two columns:
 * the options, and what they do, wrapped; an option too wide for its column gets a line of its own.
 * Stateless; main's thread.
 */
#include "app/option_help.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "app/option_value.h"

#define HELP_COLUMN 30 /* where explanations start */
#define HELP_WIDTH 79  /* a full 80th column makes some terminals wrap */

/* Where the text being wrapped stands. */
struct help_wrap {
    FILE *out;
    size_t indent; /* of lines after the first */
    size_t column;
};

static void help_put_word(struct help_wrap *wrap, const char *word, size_t len)
{
    const bool at_start = wrap->column <= wrap->indent;
    if (!at_start && wrap->column + 1 + len > HELP_WIDTH) {
        fprintf(wrap->out, "\n%*s", (int)wrap->indent, "");
        wrap->column = wrap->indent;
    } else if (!at_start) {
        fputc(' ', wrap->out);
        wrap->column++;
    }
    fprintf(wrap->out, "%.*s", (int)len, word);
    wrap->column += len;
}

static void help_put_text(struct help_wrap *wrap, const char *text)
{
    while (*text != '\0') {
        const size_t len = strcspn(text, " \n");
        if (len > 0) {
            help_put_word(wrap, text, len);
        }
        text += len;
        text += strspn(text, " \n");
    }
}

static void help_put_choices(FILE *out, const struct option_spec *spec)
{
    for (const struct option_choice *c = spec->choices; c->word != NULL; c++) {
        fprintf(out, "%s%s", c == spec->choices ? "" : "|", c->word);
    }
}

static void help_put_argument(FILE *out, const struct option_spec *spec)
{
    if (spec->arg != NULL) {
        fputs(spec->arg, out);
        return;
    }
    switch (spec->kind) {
    case OPTION_CHOICE:
    case OPTION_CHOICE_OPTIONAL: help_put_choices(out, spec); break;
    case OPTION_SIZE: fputs("SIZE", out); break;
    case OPTION_DURATION_NS:
    case OPTION_DURATION_MS: fputs("SECONDS", out); break;
    case OPTION_NUMBERS: fputs("N,N...", out); break;
    case OPTION_COMPLETION: fputs("bash", out); break;
    case OPTION_STRING:
    case OPTION_STRINGS: fputs("TEXT", out); break;
    default: fputs("N", out); break;
    }
}

/* "  -j, --jobs=N", "      --update[=all|none]", "  -n" */
static void help_put_option(FILE *out, const struct option_spec *spec)
{
    if (spec->letter != '\0') {
        fprintf(out, "  -%c%s", spec->letter, spec->name != NULL ? ", " : "");
    } else {
        fputs("      ", out);
    }
    if (spec->name != NULL) {
        fprintf(out, "--%s", spec->name);
    }
    if (!option_takes_argument(spec)) {
        return;
    }
    const bool optional = spec->kind == OPTION_CHOICE_OPTIONAL;
    fputs(optional ? "[=" : spec->name != NULL ? "=" : " ", out);
    help_put_argument(out, spec);
    fputs(optional ? "]" : "", out);
}

/* The option's column as a string; NULL when out of memory. Caller frees. */
static char *help_option_dup(const struct option_spec *spec)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (memory == NULL) {
        return NULL;
    }
    help_put_option(memory, spec);
    if (fclose(memory) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static void help_put_row(FILE *out, const struct option_spec *spec)
{
    char *option = help_option_dup(spec);
    if (option == NULL) {
        return;
    }
    const size_t len = strlen(option);
    fputs(option, out);
    free(option);
    if (len + 2 > HELP_COLUMN) {
        fprintf(out, "\n%*s", HELP_COLUMN, "");
    } else {
        fprintf(out, "%*s", (int)(HELP_COLUMN - len), "");
    }
    struct help_wrap wrap = {out, HELP_COLUMN, HELP_COLUMN};
    help_put_text(&wrap, spec->help);
    if (spec->preset != NULL) {
        char preset[HELP_WIDTH - HELP_COLUMN];
        const int n = snprintf(preset, sizeof preset, "(default %s)", spec->preset);
        help_put_word(&wrap, preset, n > 0 ? strlen(preset) : 0);
    }
    fputc('\n', out);
}

static void help_put_paragraph(FILE *out, const char *text)
{
    struct help_wrap wrap = {out, 0, 0};
    help_put_text(&wrap, text);
    fputc('\n', out);
}

void option_help_write(const struct option_program *program, FILE *out)
{
    for (const char *const *usage = program->usage; *usage != NULL; usage++) {
        fprintf(out, "%s %s %s\n", usage == program->usage ? "Usage:" : "   or:", program->name,
                *usage);
    }
    if (program->summary != NULL) {
        help_put_paragraph(out, program->summary);
    }
    for (const struct option_spec *s = program->table; s->kind != OPTION_END; s++) {
        if (s->kind == OPTION_GROUP) {
            fprintf(out, "\n%s\n", s->help);
        } else if (s->help != NULL) {
            help_put_row(out, s);
        }
    }
    if (program->footer != NULL) {
        fprintf(out, "\n%s", program->footer);
    }
}

/* --- bash ------------------------------------------------------------------------------------*/

/* A case of the script: the words that may follow an option. */
static void completion_put_words(FILE *out, const struct option_spec *spec)
{
    if (spec->choices == NULL || spec->name == NULL) {
        return;
    }
    fprintf(out, "    --%s) words='", spec->name);
    for (const struct option_choice *c = spec->choices; c->word != NULL; c++) {
        fprintf(out, "%s%s", c == spec->choices ? "" : " ", c->word);
    }
    fputs("' ;;\n", out);
}

void option_completion_write(const struct option_program *program, FILE *out)
{
    const char *name = program->name;
    fprintf(out,
            "# bash completion for %s: source <(%s --completion=bash)\n"
            "_%s() {\n"
            "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=\n"
            "    # \"=\" breaks words: --name=x arrives as three\n"
            "    if [[ $cur == \"=\" ]]; then\n"
            "        cur=\n"
            "    elif [[ $prev == \"=\" ]]; then\n"
            "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
            "    fi\n"
            "    case $prev in\n",
            name, name, name);
    for (const struct option_spec *s = program->table; s->kind != OPTION_END; s++) {
        completion_put_words(out, s);
    }
    fputs("    esac\n"
          "    if [[ -z $words && $cur == -* ]]; then\n"
          "        words='",
          out);
    const char *gap = "";
    for (const struct option_spec *s = program->table; s->kind != OPTION_END; s++) {
        if (s->name != NULL && s->help != NULL && s->kind != OPTION_GROUP) {
            fprintf(out, "%s--%s", gap, s->name);
            gap = " ";
        }
    }
    fprintf(out,
            "'\n"
            "    fi\n"
            "    # no words: bash completes file names\n"
            "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
            "}\n"
            "complete -o bashdefault -o default -F _%s %s\n",
            name, name);
}
