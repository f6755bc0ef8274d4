/* SPDX-License-Identifier: MIT
 *
 * Metalink documents, versions 4 and 3, and what must not happen with hostile ones (F19).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/list/format_text.h"

#define V4 "<metalink xmlns=\"urn:ietf:params:xml:ns:metalink\">"
#define V3 "<metalink version=\"3.0\" xmlns=\"http://www.metalinker.org/\"><files>"
#define MD5 "0123456789abcdef0123456789abcdef"
#define SHA256 MD5 MD5
#define NOT_XML "not well-formed XML: "

static void test_format_metalink_version_4(void **state)
{
    (void)state;
    format_expect(
        &format_metalink,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" V4 "\n"
        " <published>2009-05-15T12:23:23Z</published>\n"
        " <file name=\"dir/a&amp;b.ext\">\n"
        "  <size> 14471447 </size><identity>Example</identity>\n"
        "  <hash type=\"md5\">" MD5 "</hash>\n"
        "  <hash type=\"sha-256\">" SHA256 "</hash><hash type=\"sha-1\">x</hash>\n"
        "  <pieces length=\"1\" type=\"sha-512\"><hash>y</hash></pieces>\n"
        "  <url location=\"de\" priority=\"2\">http://b/a</url>\n"
        "  <url>http://d/a</url>\n"
        "  <url priority=\"1\">ftp://f/a</url><url priority=\"1\">\nhttps://a/a?x&amp;y\n</url>\n"
        "  <url priority=\"2\">http://c/a</url>\n"
        "  <metaurl mediatype=\"torrent\">http://t/a.torrent</metaurl>\n"
        " </file>\n"
        " <file name=\"second\"><url>http://h/2</url></file>\n"
        "</metalink>\n",
        "4 \"https://a/a?x&y\" \"http://b/a<09>http://c/a<09>http://d/a\" "
        "\"out=dir/a&b.ext;size=14471447;checksum=sha-256=" SHA256 ";\"\n"
        "17 \"http://h/2\" \"\" \"out=second;\"\n");
}

static void test_format_metalink_version_3(void **state)
{
    (void)state;
    format_expect(&format_metalink,
                  V3 "\n<file name=\"a.iso\"><size>5</size>\n"
                     "<verification><hash type=\"md5\">" MD5 "</hash>"
                     "<hash type=\"sha256\">" SHA256 "</hash><hash type=\"crc32\">1</hash>"
                     "<pieces length=\"1\" type=\"sha1\"><hash piece=\"0\">z</hash></pieces>"
                     "</verification>\n<resources>"
                     "<url type=\"http\" preference=\"10\">http://c/a.iso</url>"
                     "<url type=\"bittorrent\" preference=\"100\">http://t/a.torrent</url>"
                     "<url type=\"ftp\">ftp://f/a.iso</url>"
                     "<url type=\"https\" preference=\"90\">https://b/a.iso</url>"
                     "<url>http://d/a.iso</url>"
                     "</resources></file></files></metalink>",
                  "2 \"https://b/a.iso\" \"http://c/a.iso<09>http://d/a.iso\" "
                  "\"out=a.iso;size=5;checksum=sha-256=" SHA256 ";\"\n");
}

static void test_format_metalink_forgives_blank_lines_and_no_namespace(void **state)
{
    (void)state;
    format_expect(&format_metalink,
                  "\n \n<?xml version='1.0'?>\n<metalink><file name='a'>"
                  "<url>http://h/1</url></file></metalink>\n\n",
                  "4 \"http://h/1\" \"\" \"out=a;\"\n");
}

static void test_format_metalink_elements_of_others_do_not_count(void **state)
{
    (void)state;
    format_expect(&format_metalink,
                  "<metalink xmlns='urn:ietf:params:xml:ns:metalink' xmlns:x='urn:other'>"
                  "<x:file name='no'><url>http://h/0</url></x:file>"
                  "<extra><file name='no'><url>http://h/0</url></file></extra>"
                  "<file name='a'><x:url>http://h/0</x:url><x:b><url>http://h/0</url></x:b>"
                  "<url>http://h/1</url></file></metalink>",
                  "1 \"http://h/1\" \"\" \"out=a;\"\n");
}

static void test_format_metalink_files_without_use_are_bad_lines(void **state)
{
    (void)state;
    format_expect(&format_metalink,
                  V4 "\n<file name='a'/>\n<file name='b'><url>ftp://h/b</url>\n</file>\n"
                     "<file name='c'><url>http://h/c</url><hash type='sha-1'>zz</hash></file>"
                     "<file name='d\x7f'><url>http://h/d</url></file></metalink>",
                  "2 \"\" \"\" \"out=a;\" !a <file> without an http or https URL\n"
                  "3 \"\" \"\" \"out=b;\" !a <file> without an http or https URL\n"
                  "5 \"http://h/c\" \"\" \"out=c;checksum=sha-1=zz;\"\n"
                  "5 \"http://h/d\" \"\" \"out=d<7f>;\" !a control byte in an option\n");
}

/* The name goes through the door of out=, which refuses what leaves the directory. */
static void test_format_metalink_names_are_given_as_they_are(void **state)
{
    (void)state;
    format_expect(&format_metalink,
                  V4 "<file name='../../etc/x'><url>http://h/1</url></file>"
                     "<file name='/etc/x'><url>http://h/2</url></file>"
                     "<file name='a&#10;dir=/etc'><url>http://h/3</url></file>"
                     "<file><url>http://h/4</url></file></metalink>",
                  "1 \"http://h/1\" \"\" \"out=../../etc/x;\"\n"
                  "1 \"http://h/2\" \"\" \"out=/etc/x;\"\n"
                  "1 \"http://h/3\" \"\" \"out=a;dir=/etc;\" !a control byte in an option\n"
                  "1 \"http://h/4\" \"\" \"out=;\"\n");
}

static void test_format_metalink_broken_documents_give_what_came_before(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", "1 \"\" !" NOT_XML "no element found\n"},
        {"\n\nplain text", "3 \"\" !" NOT_XML "syntax error\n"},
        {V4 "<file name='a'><url>http://h/1</url></file>\n</oops>",
         "1 \"http://h/1\" \"\" \"out=a;\"\n2 \"\" !" NOT_XML "mismatched tag\n"},
        {V4 "<file name='a'><url>http://h/1</url>", "1 \"\" !" NOT_XML "no element found\n"},
        {V4 "<file name='a'><url>http://h/1</url></file>",
         "1 \"http://h/1\" \"\" \"out=a;\"\n1 \"\" !" NOT_XML "no element found\n"},
        {"<html><body>Not found</body></html>", "1 \"\" !not a Metalink document\n"},
        {"<html/>", "1 \"\" !not a Metalink document\n"},
        {"<metalink xmlns='other'/>", "1 \"\" !not a Metalink document\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        format_expect(&format_metalink, rows[i][0], rows[i][1]);
    }
}

static void test_format_metalink_entities_are_refused(void **state)
{
    (void)state;
    static const char bomb[] =
        "<?xml version='1.0'?>\n<!DOCTYPE lolz [<!ENTITY a 'aaaaaaaaaa'>"
        "<!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]>"
        "<metalink><file name='&c;'><url>http://h/1</url></file></metalink>";
    static const char outside[] = "<!DOCTYPE metalink SYSTEM 'file:///etc/passwd'><metalink/>";
    format_expect(&format_metalink, bomb, "2 \"\" !a DOCTYPE, which no Metalink document has\n");
    format_expect(&format_metalink, outside, "1 \"\" !a DOCTYPE, which no Metalink document has\n");
    format_expect(&format_metalink, V4 "<file name='&x;'/></metalink>",
                  "1 \"\" !" NOT_XML "undefined entity\n");
}

static char *repeated(const char *head, const char *piece, size_t n, const char *tail)
{
    struct memory_text memory = {0};
    FILE *out = memory_text_open(&memory);
    fputs(head, out);
    for (size_t i = 0; i < n; i++) {
        fputs(piece, out);
    }
    fputs(tail, out);
    memory_text_close(&memory);
    return memory.text;
}

static void expect_bad(char *text, const char *why)
{
    char *entries = format_entries(&format_metalink, text, strlen(text), 65536, NULL);
    if (strstr(entries, why) == NULL) {
        fail_msg("not %s: %.200s", why, entries);
    }
    free(entries);
    free(text);
}

static void test_format_metalink_sizes_are_bounded(void **state)
{
    (void)state;
    expect_bad(repeated(V4, "<a>", 100000, ""), "!elements nested too deep");
    expect_bad(repeated(V4 "<file name='a'><url>http://h/", "xxxxxxxxxx", 110000,
                        "</url></file></metalink>"),
               "!a <file> of more than 1 MiB");
    expect_bad(
        repeated(V4 "<file name='a'>", "<url>http://h/1</url>", 110000, "</file></metalink>"),
        "!a <file> of more than 1 MiB");
    expect_bad(repeated(V4 "<file name='", "xxxxxxxxxx", 500000, ""), "!a tag of more than 1 MiB");
}

static void test_format_metalink_many_files_come_in_order(void **state)
{
    (void)state;
    struct memory_text memory = {0}, want = {0};
    FILE *out = memory_text_open(&memory), *expected = memory_text_open(&want);
    fputs(V4 "\n", out);
    for (int i = 0; i < 3000; i++) {
        fprintf(out, "<file name='%d'><url>http://h/%d</url></file>\n", i, i);
        fprintf(expected, "%d \"http://h/%d\" \"\" \"out=%d;\"\n", i + 2, i, i);
    }
    fputs("</metalink>", out);
    memory_text_close(&memory);
    memory_text_close(&want);
    format_expect(&format_metalink, memory.text, want.text);
    memory_text_free(&memory);
    memory_text_free(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_metalink_version_4),
        cmocka_unit_test(test_format_metalink_version_3),
        cmocka_unit_test(test_format_metalink_forgives_blank_lines_and_no_namespace),
        cmocka_unit_test(test_format_metalink_elements_of_others_do_not_count),
        cmocka_unit_test(test_format_metalink_files_without_use_are_bad_lines),
        cmocka_unit_test(test_format_metalink_names_are_given_as_they_are),
        cmocka_unit_test(test_format_metalink_broken_documents_give_what_came_before),
        cmocka_unit_test(test_format_metalink_entities_are_refused),
        cmocka_unit_test(test_format_metalink_sizes_are_bounded),
        cmocka_unit_test(test_format_metalink_many_files_come_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
