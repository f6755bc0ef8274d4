/* SPDX-License-Identifier: MIT
 *
 * app/signals.c - handlers that only take a note. They may run on any thread, so the notes are
 * lock-free atomics, which C11 7.14.1.1 allows in a handler as it does sig_atomic_t.
 */
#include "app/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

#if ATOMIC_INT_LOCK_FREE != 2
#error "a signal handler needs lock-free atomic integers"
#endif

/* The one mutable variable of the program with static storage: a handler can reach nothing else. */
static struct {
    atomic_int stop; /* the first stop signal */
    atomic_int status;
    atomic_int drain;
} px_signal_seen;

/* The second stop signal finds its default action restored; it is pending, for it is blocked while
 * its handler runs, and kills when that returns. */
static void signals_on_stop(int sig)
{
    int none = 0;
    if (!atomic_compare_exchange_strong(&px_signal_seen.stop, &none, sig)) {
        signal(sig, SIG_DFL);
        raise(sig);
    }
}

static void signals_on_status(int sig)
{
    (void)sig;
    atomic_store(&px_signal_seen.status, 1);
}

static void signals_on_drain(int sig)
{
    (void)sig;
    atomic_store(&px_signal_seen.drain, 1);
}

static int signals_set(int sig, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    return sigaction(sig, &action, NULL) == 0 ? PX_OK : PX_EINTERNAL;
}

static int signals_set_stop(int sig)
{
    struct sigaction before;
    if (sigaction(sig, NULL, &before) != 0) {
        return PX_EINTERNAL;
    }
    return before.sa_handler == SIG_IGN ? PX_OK : signals_set(sig, signals_on_stop);
}

int signals_install(void)
{
    static const int stops[] = {SIGINT, SIGTERM, SIGHUP};
    static const struct {
        int sig;
        void (*handler)(int);
    } others[] = {
        {SIGUSR1, signals_on_status},
        {SIGUSR2, signals_on_drain},
        {SIGPIPE, SIG_IGN},
        {SIGXFSZ, SIG_IGN},
    };
    int status = PX_OK;
    for (size_t i = 0; i < sizeof stops / sizeof stops[0] && status == PX_OK; i++) {
        status = signals_set_stop(stops[i]);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0] && status == PX_OK; i++) {
        status = signals_set(others[i].sig, others[i].handler);
    }
    return status;
}

bool signals_stopping(void)
{
    return atomic_load(&px_signal_seen.stop) != 0;
}

struct signals_seen signals_take(void)
{
    return (struct signals_seen){
        .stop = atomic_load(&px_signal_seen.stop),
        .status = atomic_exchange(&px_signal_seen.status, 0) != 0,
        .drain = atomic_load(&px_signal_seen.drain) != 0,
    };
}

int signals_die(int sig)
{
    sigset_t only;
    signal(sig, SIG_DFL);
    sigemptyset(&only);
    sigaddset(&only, sig);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    raise(sig);
    return 128 + sig;
}
