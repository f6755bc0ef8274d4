/* SPDX-License-Identifier: MIT
 *
 * As whom servers are asked, seen by two of them: what was given for one origin is sent to it, and
 * to no other that a redirect leads to (F22). And values that cannot be used are told before anything
 * is asked for.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/connect.h"
#include "fetch/site.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define BASIC_UP "Basic dXNlcjpwOnc=" /* user:p:w */

static struct site site;
static struct http_server other;

static void say_hello(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    (void)ctx;
    (void)request;
    http_whole(reply, "200 OK", "", "hello", 5);
}

/* /away -> the other server, which sends it back to /home. */
static void send_away(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    char text[256];
    (void)ctx;
    if (strcmp(request->path, "/away") == 0) {
        snprintf(text, sizeof text, "Location: http://localhost:%u/there\r\nSet-Cookie: set=1\r\n",
                 other.port);
        http_whole(reply, "302 Found", text, "", 0);
    } else {
        http_whole(reply, "200 OK", "", "hello", 5);
    }
}

static void send_back(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    char text[256];
    (void)ctx;
    (void)request;
    snprintf(text, sizeof text, "Location: http://127.0.0.1:%u/home\r\nSet-Cookie: other=1\r\n",
             site.server.port);
    http_whole(reply, "302 Found", text, "", 0);
}

/* A run over both servers; what they got can be asked for then. */
static void go_around(struct px_fetch_opts opts, const char *path)
{
    http_start(&other, send_back, NULL);
    site_open(&site, send_away, opts);
    site_fetch(&site, path, "");
    http_stop(&site.server);
    http_stop(&other);
}

static void end_around(void)
{
    http_fini(&other);
    site_close(&site);
}

static void expect_header(const struct http_server *server, unsigned request, const char *name,
                          const char *want)
{
    char value[512] = "";
    const bool there = http_header(server->heads[request], name, value, sizeof value);
    if (there != (want != NULL) || (want != NULL && strcmp(value, want) != 0)) {
        fail_msg("%s is '%s', expected '%s'", name, value, want != NULL ? want : "none");
    }
}

static void test_connect_credentials_and_headers_go_to_their_origin_only(void **state)
{
    (void)state;
    static const char *const headers[] = {"X-Hush: 1", "Cookie: mine=1"};
    const struct px_fetch_opts opts = {
        .headers = headers,
        .n_headers = 2,
        .access = {.user = "user:p:w", .referer = "http://r/"},
    };
    go_around(opts, "/away");
    for (unsigned i = 0; i < 2; i++) { /* at first, and when the way leads back */
        expect_header(&site.server, i, "Authorization", BASIC_UP);
        expect_header(&site.server, i, "X-Hush", "1");
        expect_header(&site.server, i, "Referer", "http://r/");
    }
    static const char *const secrets[] = {"Authorization", "X-Hush", "Cookie", "Referer"};
    for (size_t i = 0; i < ROWS(secrets); i++) {
        expect_header(&other, 0, secrets[i], NULL);
    }
    end_around();
}

static void test_connect_userinfo_of_the_url_comes_before_user(void **state)
{
    (void)state;
    char url[128];
    http_start(&other, send_back, NULL);
    site_open(&site, send_away, (struct px_fetch_opts){.access = {.user = "user:p:w"}});
    snprintf(url, sizeof url, "http://me:own@127.0.0.1:%u/away", site.server.port);
    fake_give(&site.worker, fetching_task(site.fetch, url, ""));
    site_give(&site, "/b", "");
    fake_run(&site.worker, site.fetch);
    http_stop(&site.server);
    http_stop(&other);
    expect_header(&site.server, 0, "Authorization", "Basic bWU6b3du");
    expect_header(&other, 0, "Authorization", NULL);
    expect_header(&site.server, 1, "Authorization", "Basic bWU6b3du");
    expect_header(&site.server, 2, "Authorization", BASIC_UP);
    end_around();
}

static void test_connect_netrc_entry_goes_to_its_own_host(void **state)
{
    (void)state;
    struct area area;
    char path[128];
    static const char text[] = "machine localhost login loc password al\n"
                               "machine 127.0.0.1 login num password ber\n"
                               "machine elsewhere login x password y\n";
    area_make(&area);
    area_put(&area, "netrc", text, sizeof text - 1);
    snprintf(path, sizeof path, "%s/netrc", area.dir);
    go_around((struct px_fetch_opts){.access = {.netrc_file = path}}, "/away");
    expect_header(&site.server, 0, "Authorization", "Basic bnVtOmJlcg==");
    expect_header(&other, 0, "Authorization", "Basic bG9jOmFs");
    expect_header(&site.server, 1, "Authorization", "Basic bnVtOmJlcg==");
    end_around();
    area_remove(&area);
}

static void test_connect_cookies_go_where_they_say(void **state)
{
    (void)state;
    struct area area;
    char path[128];
    static const char text[] = "127.0.0.1\tFALSE\t/\tFALSE\t0\tnumber\t1\n"
                               "127.0.0.1\tFALSE\t/elsewhere\tFALSE\t0\tpath\t1\n"
                               "127.0.0.1\tFALSE\t/\tFALSE\t1\texpired\t1\n"
                               "localhost\tFALSE\t/\tFALSE\t0\tlocal\t1\n"
                               "example.org\tFALSE\t/\tFALSE\t0\tno\t1\n";
    area_make(&area);
    area_put(&area, "cookies", text, sizeof text - 1);
    snprintf(path, sizeof path, "%s/cookies", area.dir);
    /* with user, each origin has its own handle: what was learnt must come along */
    for (int guarded = 0; guarded < 2; guarded++) {
        const struct px_fetch_opts opts = {
            .access = {.cookies = path, .user = guarded ? "user:p:w" : NULL}};
        go_around(opts, "/away");
        expect_header(&site.server, 0, "Cookie", "number=1");
        expect_header(&other, 0, "Cookie", "local=1");
        char value[64];
        assert_true(http_header(site.server.heads[1], "Cookie", value, sizeof value));
        assert_non_null(strstr(value, "number=1"));
        assert_non_null(strstr(value, "set=1"));
        assert_null(strstr(value, "other"));
        end_around();
    }
    area_remove(&area);
}

static void test_connect_cookies_set_on_the_way_are_forgotten_with_the_url(void **state)
{
    (void)state;
    http_start(&other, send_back, NULL);
    site_open(&site, send_away, (struct px_fetch_opts){0});
    site_give(&site, "/away", "");
    site_give(&site, "/next", "");
    fake_run(&site.worker, site.fetch);
    http_stop(&site.server);
    http_stop(&other);
    expect_header(&site.server, 1, "Cookie", "set=1");
    expect_header(&site.server, 2, "Cookie", NULL);
    end_around();
}

static void test_connect_host_header_is_not_remembered(void **state)
{
    (void)state;
    static const char *const headers[] = {"Host: example.org"};
    go_around((struct px_fetch_opts){.headers = headers, .n_headers = 1}, "/away");
    expect_header(&site.server, 0, "Host", "example.org");
    char host[64];
    snprintf(host, sizeof host, "localhost:%u", other.port);
    expect_header(&other, 0, "Host", host);
    expect_header(&other, 0, "Cookie", NULL); /* the first one's, set for example.org */
    end_around();
}

static void test_connect_proxy_gets_its_own_credentials(void **state)
{
    (void)state;
    char proxy[64];
    http_start(&other, say_hello, NULL);
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", other.port);
    const struct px_fetch_opts opts = {
        .access = {.proxy = proxy, .proxy_user = "a%41:p@:w", .no_proxy = "straight.example"}};
    site_open(&site, say_hello, opts);
    fake_give(&site.worker, fetching_task(site.fetch, "http://far.example/x", ""));
    fake_run(&site.worker, site.fetch);
    http_stop(&other);
    assert_int_equal(strncmp(other.heads[0], "GET http://far.example/x ", 25), 0);
    expect_header(&other, 0, "Proxy-Authorization", "Basic YSU0MTpwQDp3"); /* as typed */
    expect_header(&other, 0, "Authorization", NULL);
    http_fini(&other);
    site_close(&site);
}

static void test_connect_resolve_names_an_address(void **state)
{
    (void)state;
    char resolve[64], url[64];
    static const char *entries[1];
    site_open(&site, say_hello, (struct px_fetch_opts){0});
    snprintf(resolve, sizeof resolve, "far.example:%u:127.0.0.1", site.server.port);
    snprintf(url, sizeof url, "http://far.example:%u/x", site.server.port);
    entries[0] = resolve;
    const struct px_fetch_opts opts = {
        .workers = 1, .dir = site.area.dir, .access = {.resolve = entries, .n_resolve = 1}};
    px_fetch_free(site.fetch);
    site.fetch = fetching_new(&opts);
    fake_give(&site.worker, fetching_task(site.fetch, url, ""));
    fake_run(&site.worker, site.fetch);
    assert_int_equal(site.worker.emitted[0]->item.state, PX_ITEM_OK);
    site_close(&site);
}

static void test_connect_unusable_values_are_told_at_once(void **state)
{
    (void)state;
    static const char *const resolve[] = {"h:80", "h::1", ":80:1", "h:80:", "h:x:1", "h:70000:1"};
    static const struct px_fetch_access rows[] = {
        {.proxy = "ftp://h"}, {.proxy = "http://"}, {.proxy = "socks6://h:1"},
        {.key = "/dev/null"}, {.referer = "a\nb"},
    };
    static const struct px_fetch_access missing[] = {
        {.cert = "/nonexistent"},
        {.proxy_cacert = "/nonexistent"},
        {.cert = "/dev/null", .key = "/nonexistent"},
        {.netrc_file = "/nonexistent"},
        {.cookies = "/nonexistent"},
    };
    char error[256];
    struct px_fetch *fetch;
    for (size_t i = 0; i < ROWS(rows); i++) {
        const struct px_fetch_opts opts = {.workers = 1, .dry_run = true, .access = rows[i]};
        assert_int_equal(px_fetch_new(&opts, error, sizeof error, &fetch), PX_EUSAGE);
        assert_true(error[0] != '\0');
    }
    for (size_t i = 0; i < ROWS(missing); i++) {
        const struct px_fetch_opts opts = {.workers = 1, .dry_run = true, .access = missing[i]};
        assert_int_equal(px_fetch_new(&opts, error, sizeof error, &fetch), PX_EIO);
        assert_non_null(strstr(error, "/nonexistent: No such file"));
    }
    for (size_t i = 0; i < ROWS(resolve); i++) {
        const struct px_fetch_opts opts = {
            .access = {.resolve = (const char *const[]){resolve[i]}, .n_resolve = 1}};
        assert_int_equal(connect_check(&opts, error, sizeof error), PX_EUSAGE);
    }
    const struct px_fetch_opts secret = {.access = {.proxy = "ftp://u:hunter2@h"}};
    assert_int_equal(connect_check(&secret, error, sizeof error), PX_EUSAGE);
    assert_null(strstr(error, "hunter2"));
}

static void test_connect_usable_values_pass(void **state)
{
    (void)state;
    static const char *const proxies[] = {
        "",          "h",          "h:81",       "u:p@h:81",      "http://h",
        "https://h", "socks4://h", "socks5://h", "SOCKS5h://u@h", "socks4a://[::1]:81",
    };
    static const char *const resolve[] = {"h:80:1.2.3.4", "+h:443:[::1],1.2.3.4", "*:80:::1"};
    char error[256];
    for (size_t i = 0; i < ROWS(proxies); i++) {
        const struct px_fetch_opts opts = {.access = {.proxy = proxies[i]}};
        if (connect_check(&opts, error, sizeof error) != PX_OK) {
            fail_msg("%s: %s", proxies[i], error);
        }
    }
    const struct px_fetch_opts opts = {.access = {.resolve = resolve, .n_resolve = ROWS(resolve)}};
    assert_int_equal(connect_check(&opts, error, sizeof error), PX_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connect_credentials_and_headers_go_to_their_origin_only),
        cmocka_unit_test(test_connect_userinfo_of_the_url_comes_before_user),
        cmocka_unit_test(test_connect_netrc_entry_goes_to_its_own_host),
        cmocka_unit_test(test_connect_cookies_go_where_they_say),
        cmocka_unit_test(test_connect_cookies_set_on_the_way_are_forgotten_with_the_url),
        cmocka_unit_test(test_connect_host_header_is_not_remembered),
        cmocka_unit_test(test_connect_proxy_gets_its_own_credentials),
        cmocka_unit_test(test_connect_resolve_names_an_address),
        cmocka_unit_test(test_connect_unusable_values_are_told_at_once),
        cmocka_unit_test(test_connect_usable_values_pass),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
