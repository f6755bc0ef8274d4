/* SPDX-License-Identifier: MIT
 *
 * Sockets for libcurl: closed in programs that are started; none to a private address when those are
 * denied, and the failure says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>

#include "fetch/site.h"
#include "fetch/socket.h"
#include "fetch/transfer.h"

static struct site site;

static int remove_all(void **state)
{
    (void)state;
    site_close(&site);
    return 0;
}

static void whole(void *ctx, const struct http_request *request, struct http_reply *reply)
{
    (void)ctx;
    (void)request;
    http_whole(reply, "200 OK", "", "hello", 5);
}

static struct curl_sockaddr loopback(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct curl_sockaddr address = {.family = AF_INET, .socktype = SOCK_STREAM};
    memcpy(&address.addr, &in, sizeof in);
    return address;
}

static void test_socket_is_closed_on_exec(void **state)
{
    (void)state;
    site_open(&site, whole, (struct px_fetch_opts){.retries = -1});
    struct transfer transfer = {.fetch = site.fetch};
    struct curl_sockaddr address = loopback();
    const curl_socket_t fd = socket_open(&transfer, CURLSOCKTYPE_IPCXN, &address);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(transfer.opened, 1);
    assert_false(socket_was_denied(&transfer, CURLE_COULDNT_CONNECT));
    close(fd);
}

static void test_socket_to_a_private_address_is_denied(void **state)
{
    (void)state;
    site_open(&site, whole, (struct px_fetch_opts){.retries = -1, .deny_private = true});
    struct transfer transfer = {.fetch = site.fetch};
    struct curl_sockaddr address = loopback();
    assert_true(socket_open(&transfer, CURLSOCKTYPE_IPCXN, &address) == CURL_SOCKET_BAD);
    assert_string_equal(transfer.denied_address, "127.0.0.1");
    assert_true(socket_was_denied(&transfer, CURLE_COULDNT_CONNECT));
    assert_false(socket_was_denied(&transfer, CURLE_OK));
    transfer.opened = 1; /* another address of the host was tried, too */
    assert_false(socket_was_denied(&transfer, CURLE_COULDNT_CONNECT));
}

static void test_socket_denied_fails_the_item_for_good(void **state)
{
    (void)state;
    site_open(&site, whole, (struct px_fetch_opts){.retries = -1, .deny_private = true});
    const struct fetch_task *task = site_fetch(&site, "/a", "");
    assert_int_equal(task->item.status, PX_EREFUSED);
    assert_string_equal(task->item.error,
                        "refused: 127.0.0.1 is a loopback address (--deny-private)");
    assert_false(task->facts.transient);
    assert_int_equal(site.server.connections, 0);
}

#define TEST(name) cmocka_unit_test_teardown(name, remove_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_socket_is_closed_on_exec),
        TEST(test_socket_to_a_private_address_is_denied),
        TEST(test_socket_denied_fails_the_item_for_good),
    };
    return cmocka_run_group_tests(tests, fetching_setup, fetching_teardown);
}
