/* SPDX-License-Identifier: MIT
 *
 * app/child.c - one command from its start to its end. On the thread of an exec worker (exec.c);
 * no locks but those of the outlocks.
 */
#define _GNU_SOURCE /* pipe2, posix_spawn_file_actions_addclosefrom_np */
#include "app/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pxfer/status.h>
#include <pxfer/timing.h>

#define LOOK_MS 100
/* Nothing to read any more: looked at after 1 ms, 2 ms, 4 ms ... */
#define SILENT_MAX_MS 64
/* What a command prints is one block up to here; beyond, blocks of whole lines. */
#define BLOCK_BYTES ((size_t)1 << 20)
#define FIRST_BYTES ((size_t)4096)
/* The answer to SIGINT has a second: so long a command has for its own end. */
#define GRACE_NS (500 * PX_NS_PER_MS)

/* One of the two pipes. */
struct relay {
    int fd; /* -1: ended */
    struct px_outlock *to;
    char *text;
    size_t len, room;
    int status;
};

struct child {
    const struct child_opts *opts;
    pid_t pid;
    struct relay relay[2];
    int64_t stopped_ns; /* when it was told to end; 0: not yet */
    bool killed;
    bool gone;
    int silent_ms;
    int wait_status;
};

/* --- what it prints --------------------------------------------------------------------------*/

static void relay_write(struct relay *relay, size_t len)
{
    if (len == 0) {
        return;
    }
    const int status = px_outlock_write(relay->to, relay->text, len);
    relay->status = relay->status == PX_OK ? status : relay->status;
    relay->len -= len;
    memmove(relay->text, relay->text + len, relay->len);
}

/* A full buffer goes out up to its last line end, or whole when it has none. */
static void relay_make_room(struct relay *relay)
{
    if (relay->len < relay->room) {
        return;
    }
    if (relay->room < BLOCK_BYTES) {
        const size_t room = relay->room > 0 ? 2 * relay->room : FIRST_BYTES;
        char *text = realloc(relay->text, room);
        if (text != NULL) {
            relay->text = text;
            relay->room = room;
            return;
        }
        if (relay->room == 0) {
            relay->status = PX_ENOMEM;
            close(relay->fd); /* was only read */
            relay->fd = -1;
            return;
        }
    }
    const char *end = memrchr(relay->text, '\n', relay->len);
    relay_write(relay, end != NULL ? (size_t)(end - relay->text) + 1 : relay->len);
}

/* True: there may be more at once. */
static bool relay_read(struct relay *relay)
{
    relay_make_room(relay);
    if (relay->fd < 0) {
        return false;
    }
    const ssize_t n = read(relay->fd, relay->text + relay->len, relay->room - relay->len);
    if (n > 0) {
        relay->len += (size_t)n;
        return true;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(relay->fd); /* was only read */
        relay->fd = -1;
    }
    return false;
}

static void relay_finish(struct relay *relay)
{
    while (relay->fd >= 0 && relay_read(relay)) {
    }
    if (relay->fd >= 0) {
        close(relay->fd); /* a process that the command left behind holds the other end */
        relay->fd = -1;
    }
    relay_write(relay, relay->len);
    free(relay->text);
    relay->text = NULL;
}

/* --- start -----------------------------------------------------------------------------------*/

static int make_pipe(int fds[2])
{
    if (pipe2(fds, O_CLOEXEC) != 0) {
        return errno;
    }
    return fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
}

/* The command finds its signals as this program found them: none blocked (this thread has blocked
 * all), SIGPIPE and SIGXFSZ not ignored. Those with handlers are reset by execve(2). */
static int set_signals(posix_spawnattr_t *attr)
{
    sigset_t none, defaults;

    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    int err = posix_spawnattr_setsigmask(attr, &none);
    if (err == 0) {
        err = posix_spawnattr_setsigdefault(attr, &defaults);
    }
    return err != 0
               ? err
               : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int set_files(posix_spawn_file_actions_t *actions, int out, int err_fd)
{
    int err = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);

    if (err == 0) {
        err = posix_spawn_file_actions_adddup2(actions, out, 1);
    }
    if (err == 0) {
        err = posix_spawn_file_actions_adddup2(actions, err_fd, 2);
    }
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 34)
    /* our own files are close-on-exec; libcurl's sockets are not in each of its versions */
    if (err == 0) {
        err = posix_spawn_file_actions_addclosefrom_np(actions, 3);
    }
#endif
    return err;
}

static int spawn(struct child *child, int out, int err_fd)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;

    int err = posix_spawn_file_actions_init(&actions);
    if (err != 0) {
        return err;
    }
    err = posix_spawnattr_init(&attr);
    if (err == 0) {
        err = set_files(&actions, out, err_fd);
        if (err == 0) {
            err = set_signals(&attr);
        }
        if (err == 0) {
            err = posix_spawnp(&child->pid, child->opts->argv[0], &actions, &attr,
                               child->opts->argv, environ);
        }
        posix_spawnattr_destroy(&attr);
    }
    posix_spawn_file_actions_destroy(&actions);
    return err;
}

static int start(struct child *child)
{
    int out[2] = {-1, -1}, err_fds[2] = {-1, -1};
    int err = make_pipe(out);

    if (err == 0) {
        err = make_pipe(err_fds);
    }
    if (err == 0) {
        err = spawn(child, out[1], err_fds[1]);
    }
    const int mine[] = {out[1], err_fds[1], err != 0 ? out[0] : -1, err != 0 ? err_fds[0] : -1};
    for (size_t i = 0; i < sizeof mine / sizeof mine[0]; i++) {
        if (mine[i] >= 0) {
            close(mine[i]); /* nothing was written */
        }
    }
    child->relay[0] = (struct relay){.fd = err == 0 ? out[0] : -1, .to = child->opts->out};
    child->relay[1] = (struct relay){.fd = err == 0 ? err_fds[0] : -1, .to = child->opts->err};
    return err;
}

/* --- end -------------------------------------------------------------------------------------*/

static void stop_when_told(struct child *child)
{
    const int64_t now = px_now_ns();

    if (child->stopped_ns == 0 && child->opts->stopped != NULL &&
        child->opts->stopped(child->opts->ctx)) {
        child->stopped_ns = now;
        PX_IGNORE(kill(child->pid, SIGTERM)); /* not waited for yet, so it is ours */
    } else if (child->stopped_ns != 0 && !child->killed && now - child->stopped_ns > GRACE_NS) {
        child->killed = true;
        PX_IGNORE(kill(child->pid, SIGKILL));
    }
}

/* Without waiting. */
static void look_for_end(struct child *child)
{
    const pid_t pid = waitpid(child->pid, &child->wait_status, WNOHANG);

    child->gone = pid == child->pid || (pid < 0 && errno != EINTR);
}

static void wait_for_output(struct child *child)
{
    struct pollfd fds[2] = {{.fd = child->relay[0].fd, .events = POLLIN},
                            {.fd = child->relay[1].fd, .events = POLLIN}};
    int wait_ms = LOOK_MS;

    /* both closed: its end is near, unless its output goes elsewhere */
    if (fds[0].fd < 0 && fds[1].fd < 0) {
        child->silent_ms =
            child->silent_ms < SILENT_MAX_MS ? 2 * child->silent_ms + 1 : SILENT_MAX_MS;
        wait_ms = child->silent_ms;
    }
    if (poll(fds, 2, wait_ms) > 0) { /* a negative descriptor is passed over */
        for (int i = 0; i < 2; i++) {
            if (fds[i].revents != 0) {
                (void)relay_read(&child->relay[i]);
            }
        }
    }
}

int child_run(const struct child_opts *opts, struct child_end *end)
{
    struct child child = {.opts = opts};
    const int64_t begin = px_now_ns();

    *end = (struct child_end){.err = start(&child)};
    while (end->err == 0 && !child.gone) {
        wait_for_output(&child);
        stop_when_told(&child);
        look_for_end(&child);
    }
    end->ns = px_now_ns() - begin;
    end->ns = end->ns > 0 ? end->ns : 1;
    if (end->err != 0) {
        return PX_OK;
    }
    relay_finish(&child.relay[0]);
    relay_finish(&child.relay[1]);
    if (WIFSIGNALED(child.wait_status)) {
        end->signal = WTERMSIG(child.wait_status);
        end->code = 128 + end->signal;
    } else {
        end->code = WEXITSTATUS(child.wait_status);
    }
    return child.relay[0].status != PX_OK ? child.relay[0].status : child.relay[1].status;
}
