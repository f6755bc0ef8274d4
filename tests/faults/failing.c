/* SPDX-License-Identifier: MIT
 *
 * faults/failing.c - for LD_PRELOAD: the Nth call that our own code makes for memory, a thread or an
 * object of a library fails. A call counts when it comes from the program file itself, which
 * libpxfer.a is a part of; what libcurl and others do for themselves is left alone: their
 * own tests are for that, and some end the process in their start.
 *
 *   FAIL_AT=N      the Nth call fails; FAIL_STICKY=1: and all after it
 *   FAIL_LOG=FILE  gets "calls N" at the end and, when one failed, "failed NAME 0xOFFSET", where
 *                  addr2line -e PROGRAM finds the caller
 *
 * Works with AddressSanitizer, whose functions come next (verify_asan_link_order=0).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    uintptr_t base, begin, end; /* of the program's code; 0 = not known yet */
    unsigned at;                /* 0 = none */
    bool sticky;
    int log; /* -1 = none */
    atomic_uint calls;
} failing = {.log = -1};

/* dlsym() may ask for memory itself, before it can say where to get some. */
static char early[4096];
static atomic_size_t early_used;
/* dlsym() is declared never to call back; it does. Other threads free what is theirs meanwhile. */
static __thread volatile bool resolving __attribute__((tls_model("initial-exec")));

static bool is_early(const void *at)
{
    return (const char *)at >= early && (const char *)at < early + sizeof early;
}

static void *take_early(size_t n)
{
    const size_t bytes = (n + 15) & ~(size_t)15;
    const size_t at = atomic_fetch_add(&early_used, bytes);
    return at + bytes <= sizeof early ? early + at : NULL;
}

/* The function that the program would have called without this one. */
#define NEXT(name)                                 \
    static __typeof__(&name) next;                 \
    if (next == NULL) {                            \
        resolving = true;                          \
        *(void **)&next = dlsym(RTLD_NEXT, #name); \
        resolving = false;                         \
    }

static void put(const char *text, size_t n)
{
    const ssize_t put = failing.log >= 0 ? write(failing.log, text, n) : 0;
    (void)put;
}

/* Counts a call from `caller`; true when it is to fail. */
static bool fails(const char *name, const void *caller)
{
    const uintptr_t at = (uintptr_t)caller;
    if (at < failing.begin || at >= failing.end) {
        return false;
    }
    const unsigned call = 1 + atomic_fetch_add(&failing.calls, 1);
    if (failing.at == 0 || call < failing.at || (call > failing.at && !failing.sticky)) {
        return false;
    }
    if (call == failing.at) {
        char text[128];
        const int n =
            snprintf(text, sizeof text, "failed %s 0x%zx\n", name, (size_t)(at - failing.base - 1));
        put(text, (size_t)n);
    }
    errno = ENOMEM;
    return true;
}

#define FAILS(name) fails(name, __builtin_return_address(0))

static int find_program(struct dl_phdr_info *info, size_t size, void *ctx)
{
    (void)size;
    (void)ctx;
    failing.base = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
            failing.end = info->dlpi_addr + part->p_vaddr + part->p_memsz;
            failing.begin = info->dlpi_addr + part->p_vaddr;
        }
    }
    return 1; /* the first is the program */
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("FAIL_AT");
    const char *log = getenv("FAIL_LOG");
    failing.at = at != NULL ? (unsigned)atoi(at) : 0;
    failing.sticky = getenv("FAIL_STICKY") != NULL;
    failing.log = log != NULL ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    unsetenv("LD_PRELOAD"); /* not for what the program starts */
    dl_iterate_phdr(find_program, NULL);
}

__attribute__((destructor)) static void end(void)
{
    char text[64];
    put(text, (size_t)snprintf(text, sizeof text, "calls %u\n", atomic_load(&failing.calls)));
}

/* --- memory ----------------------------------------------------------------------------------- */

void *malloc(size_t n)
{
    if (resolving) {
        return take_early(n);
    }
    NEXT(malloc)
    return FAILS("malloc") ? NULL : next(n);
}

void *calloc(size_t count, size_t n)
{
    if (resolving) {
        return take_early(count * n);
    }
    NEXT(calloc)
    return FAILS("calloc") ? NULL : next(count, n);
}

void *realloc(void *old, size_t n)
{
    NEXT(realloc)
    return FAILS("realloc") ? NULL : next(old, n);
}

void *reallocarray(void *old, size_t count, size_t n)
{
    NEXT(reallocarray)
    return FAILS("reallocarray") ? NULL : next(old, count, n);
}

void free(void *at)
{
    if (resolving) {
        return; /* a message of dlerror(3) */
    }
    NEXT(free)
    if (!is_early(at)) {
        next(at);
    }
}

char *strdup(const char *text)
{
    NEXT(strdup)
    return FAILS("strdup") ? NULL : next(text);
}

char *strndup(const char *text, size_t n)
{
    NEXT(strndup)
    return FAILS("strndup") ? NULL : next(text, n);
}

int posix_memalign(void **out, size_t alignment, size_t n)
{
    NEXT(posix_memalign)
    return FAILS("posix_memalign") ? ENOMEM : next(out, alignment, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
    NEXT(aligned_alloc)
    return FAILS("aligned_alloc") ? NULL : next(alignment, n);
}

/* --- threads, and what libraries make of memory ----------------------------------------------- */

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
    NEXT(pthread_create)
    return FAILS("pthread_create") ? EAGAIN : next(thread, attr, run, arg);
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
    NEXT(pthread_mutex_init)
    return FAILS("pthread_mutex_init") ? ENOMEM : next(mutex, attr);
}

int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
    NEXT(pthread_cond_init)
    return FAILS("pthread_cond_init") ? ENOMEM : next(cond, attr);
}

/* Functions of one, two, three pointers that give one, NULL on failure. */
#define OBJECT_OF(name, params, ...)                    \
    void *name params;                                  \
    void *name params                                   \
    {                                                   \
        static void *(*next)params;                     \
        if (next == NULL) {                             \
            *(void **)&next = dlsym(RTLD_NEXT, #name);  \
        }                                               \
        return FAILS(#name) ? NULL : next(__VA_ARGS__); \
    }

OBJECT_OF(curl_easy_init, (void), )
OBJECT_OF(curl_multi_init, (void), )
OBJECT_OF(curl_share_init, (void), )
OBJECT_OF(curl_url, (void), )
OBJECT_OF(curl_slist_append, (void *list, const char *text), list, text)
OBJECT_OF(EVP_MD_CTX_new, (void), )
OBJECT_OF(XXH3_createState, (void))
OBJECT_OF(XML_ParserCreateNS, (const char *encoding, int separator), encoding, separator)
OBJECT_OF(json_loadb, (const char *text, size_t n, size_t flags, void *error), text, n, flags,
          error)
OBJECT_OF(htmlCreatePushParserCtxt,
          (void *sax, void *data, const char *chunk, int n, const char *name, int encoding), sax,
          data, chunk, n, name, encoding)
OBJECT_OF(fdopendir, (int fd), fd)

FILE *open_memstream(char **text, size_t *n)
{
    NEXT(open_memstream)
    return FAILS("open_memstream") ? NULL : next(text, n);
}

FILE *fopen(const char *path, const char *mode)
{
    NEXT(fopen)
    return FAILS("fopen") ? NULL : next(path, mode);
}

FILE *fdopen(int fd, const char *mode)
{
    NEXT(fdopen)
    return FAILS("fdopen") ? NULL : next(fd, mode);
}
