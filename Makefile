# pxfer: the programs pfetch and pcopy on the library libpxfer.
#
#   make                      everything, into build/release
#   make check                build and run all tests
#   make SAN=thread check     the same under a sanitizer, in build/tsan
#   make help                 all targets and switches
#
# Sources are found by wildcard: a new file needs no line here.

.DEFAULT_GOAL := all
.SUFFIXES:
.DELETE_ON_ERROR:

# Parallel unless the caller said otherwise (a -j on the command line wins).
ifeq ($(MAKELEVEL),0)
ifeq ($(findstring -j,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
endif
MAKEFLAGS += --no-print-directory

# ---- switches -------------------------------------------------------------
## SAN=none|address,undefined|thread|coverage|fuzzer: how to instrument, default none
## CC=gcc|clang: the compiler; clang has build directories of its own
## WERROR=1: warnings are errors (CI=1 does the same)
## O=DIR: put the build directories there instead of build
## V=1: show the commands
## PREFIX= DESTDIR= LIBDIR=: where install and uninstall work

SAN ?= none
ifeq ($(origin CC),default)
CC := $(shell command -v gcc >/dev/null && echo gcc || echo cc)
endif
IS_CLANG := $(findstring clang,$(notdir $(CC)))

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
INSTALL ?= install
PKG_CONFIG ?= pkg-config

OPT := -O1 -g -fno-omit-frame-pointer
ifeq ($(SAN),none)
VARIANT := release
OPT := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
NO_UNDEFINED := -Wl,--no-undefined
else ifeq ($(SAN),address,undefined)
VARIANT := asan
INSTRUMENT := -fsanitize=address,undefined -fno-sanitize-recover=all
else ifeq ($(SAN),thread)
VARIANT := tsan
INSTRUMENT := -fsanitize=thread
else ifeq ($(SAN),coverage)
VARIANT := cov
OPT := -O0 -g
INSTRUMENT := --coverage -fprofile-update=atomic -DPX_COVERAGE
else ifeq ($(SAN),fuzzer)
VARIANT := fuzz
INSTRUMENT := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
else
$(error SAN=$(SAN) is not one of none, address,undefined, thread, coverage, fuzzer)
endif
O ?= build
# With instrumentation in the way gcc warns of paths that cannot be taken (its manual says so
# of -fsanitize); the plain build looks for the same mistakes.
ifneq ($(SAN),none)
INSTRUMENT += $(if $(IS_CLANG),,-Wno-maybe-uninitialized -Wno-format-truncation)
endif
B := $(O)/$(VARIANT)$(IS_CLANG:%=-%)

ifeq ($(V),1)
say = :
else
Q := @
say = printf '  %-5s %s\n'
endif

# ---- flags ----------------------------------------------------------------
WARN := -Wall -Wextra -Wconversion -Wshadow -Wvla -Wformat=2 -Wundef -Wmissing-prototypes \
        -Wwrite-strings -fno-common $(if $(IS_CLANG),-Wthread-safety)
ifneq ($(filter-out 0 no false,$(WERROR) $(CI)),)
WARN += -Werror
endif

pkg = $(shell $(PKG_CONFIG) $(1) $(2) 2>/dev/null || echo $(3))
CURL_CFLAGS := $(call pkg,--cflags,libcurl)
CRYPTO_CFLAGS := $(call pkg,--cflags,libcrypto)
LIST_CFLAGS := $(call pkg,--cflags,zlib expat jansson libxxhash)
XML_CFLAGS := $(call pkg,--cflags,libxml-2.0,-I/usr/include/libxml2)
LIBS := $(call pkg,--libs,libcurl,-lcurl) $(call pkg,--libs,libssl libcrypto,-lssl -lcrypto) \
        $(call pkg,--libs,zlib,-lz) $(call pkg,--libs,expat,-lexpat) \
        $(call pkg,--libs,jansson,-ljansson) $(call pkg,--libs,libxxhash,-lxxhash) \
        $(call pkg,--libs,libxml-2.0,-lxml2) -lm

CPPFLAGS_ALL := -Iinclude -Isrc -D_XOPEN_SOURCE=700 -D_FILE_OFFSET_BITS=64 \
                $(CURL_CFLAGS) $(CRYPTO_CFLAGS) $(LIST_CFLAGS) $(XML_CFLAGS) $(CPPFLAGS)
CFLAGS_ALL := -std=c11 $(OPT) $(WARN) -fPIC -fvisibility=hidden -pthread \
              -ffile-prefix-map=$(CURDIR)=. $(INSTRUMENT) $(CFLAGS)
LDFLAGS_ALL := -pthread -Wl,-z,relro,-z,now -Wl,--as-needed $(INSTRUMENT) $(LDFLAGS)

version = $(or $(shell sed -n 's/^\# *define *PX_VERSION_$(1) *//p' include/pxfer/version.h 2>/dev/null),0)
MAJOR := $(call version,MAJOR)
VERSION := $(MAJOR).$(call version,MINOR).$(call version,PATCH)

# ---- what is built from what ----------------------------------------------
LIB_SRC := $(sort $(wildcard $(patsubst %,src/%/*.c,base core fetch fetch/list copy)))
APP_SRC := $(sort $(wildcard src/app/*.c))
PROGRAM_SRC := $(sort $(wildcard src/*.c))
UNIT_SRC := $(sort $(wildcard tests/unit/*/test_*.c tests/unit/*/*/test_*.c))
HELPER_SRC := $(sort $(wildcard tests/helper/*.c))
STRESS_SRC := $(sort $(wildcard tests/stress/*.c))
# GLib is there for the benchmark only: it is compared with.
GLIB_CFLAGS := $(shell $(PKG_CONFIG) --cflags glib-2.0 2>/dev/null)
BENCH_SRC := $(filter-out $(if $(GLIB_CFLAGS),,tests/bench/micro_%),$(sort $(wildcard tests/bench/*.c)))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/*.c))
EXAMPLE_SRC := $(sort $(wildcard src/examples/*.c))

object = $(patsubst %.c,$(B)/obj/%.o,$(1))
ALL_SRC := $(LIB_SRC) $(APP_SRC) $(PROGRAM_SRC) $(UNIT_SRC) $(HELPER_SRC) $(STRESS_SRC) \
           $(BENCH_SRC) $(FUZZ_SRC) $(EXAMPLE_SRC)

STATIC_LIB := $(B)/libpxfer.a
SONAME := libpxfer.so.$(MAJOR)
SHARED_FILE := libpxfer.so.$(VERSION)
SHARED_LIB := $(B)/$(SHARED_FILE)
# The app layer belongs to the programs; the archive is never installed.
APP_LIB := $(B)/libapp.a
PC_FILE := $(B)/pxfer.pc

PROGRAMS := $(PROGRAM_SRC:src/%.c=$(B)/%)
UNITS := $(UNIT_SRC:tests/%.c=$(B)/%)
HELPERS := $(HELPER_SRC:tests/%.c=$(B)/%)
STRESS := $(STRESS_SRC:tests/%.c=$(B)/%)
BENCH := $(BENCH_SRC:tests/%.c=$(B)/%)
FUZZ := $(filter $(B)/fuzz/fuzz_%,$(FUZZ_SRC:tests/%.c=$(B)/%))
EXAMPLES := $(EXAMPLE_SRC:src/%.c=$(B)/%)

HEADERS := $(sort $(wildcard include/pxfer/*.h))
MAN_PAGES := $(sort $(wildcard docs/man/*.[13]))

# ---- building -------------------------------------------------------------
.PHONY: all lib programs tests examples
## all: the library (static and shared) and the programs
all: lib programs

## lib: libpxfer.a, libpxfer.so and pxfer.pc
lib: $(STATIC_LIB) $(SHARED_LIB) $(PC_FILE)

programs: $(PROGRAMS)

## tests: all test programs and their helpers, without running them
tests: programs examples $(UNITS) $(HELPERS) $(STRESS) $(BENCH) $(FUZZ)

## examples: the programs of src/examples, into build/release/examples
examples: $(EXAMPLES)

# Changed flags or another compiler rebuild everything; the same ones nothing. (By a name of its own:
# another make may be asking the same.)
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) $(LIBS)' >$@.$$$$; \
		if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi

$(B)/obj/tests/%.o: CPPFLAGS_ALL += -Itests -Itests/unit
$(B)/obj/tests/bench/micro_%.o: CPPFLAGS_ALL += $(GLIB_CFLAGS)
$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	@$(say) CC $<
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# An archive is made afresh, so that a removed source leaves no member behind.
$(STATIC_LIB): $(call object,$(LIB_SRC))
$(APP_LIB): $(call object,$(APP_SRC))
$(STATIC_LIB) $(APP_LIB): $(B)/flags
	@$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(SHARED_LIB): $(call object,$(LIB_SRC)) $(B)/flags
	@$(say) LD $@
	$(Q)$(CC) $(LDFLAGS_ALL) $(NO_UNDEFINED) -shared -Wl,-soname,$(SONAME) -o $@ \
		$(filter %.o,$^) $(LIBS)
	$(Q)ln -sf $(SHARED_FILE) $(B)/$(SONAME) && ln -sf $(SONAME) $(B)/libpxfer.so

# libapp.a needs libpxfer.a, so it stands before it whatever the order of rules.
define link
@mkdir -p $(@D)
@$(say) LD $@
$(Q)$(CC) $(LDFLAGS_ALL) -pie -o $@ $(filter %.o,$^) $(filter $(APP_LIB),$^) $(STATIC_LIB) $(1) $(LIBS)
endef

$(PROGRAMS): $(B)/%: $(B)/obj/src/%.o $(APP_LIB) $(STATIC_LIB)
	$(call link)

$(filter $(B)/unit/app/%,$(UNITS)) $(B)/bench/experiment: $(APP_LIB)
$(UNITS): $(B)/%: $(B)/obj/tests/%.o $(STATIC_LIB)
	$(call link,-lcmocka)

$(B)/helper/server: HELPER_LIBS := -lmicrohttpd
$(B)/helper/liar: HELPER_LIBS := -lnghttp2
$(HELPERS): $(B)/%: $(B)/obj/tests/%.o $(STATIC_LIB)
	$(call link,$(HELPER_LIBS))

$(STRESS) $(BENCH): $(B)/%: $(B)/obj/tests/%.o $(STATIC_LIB)
	$(call link,$(if $(findstring /micro_,$@),-lglib-2.0))

# main() is libFuzzer's, or one that replays seeds.
ifeq ($(SAN),fuzzer)
FUZZ_MAIN := -fsanitize=fuzzer
else
$(FUZZ): $(B)/obj/tests/fuzz/replay.o
endif
$(FUZZ): $(B)/%: $(B)/obj/tests/%.o $(B)/obj/tests/fuzz/fuzz.o $(APP_LIB) $(STATIC_LIB)
	$(call link,$(FUZZ_MAIN) -lcmocka)

$(EXAMPLES): $(B)/%: $(B)/obj/src/%.o $(STATIC_LIB)
	$(call link)

$(PC_FILE): src/pxfer.pc.in include/pxfer/version.h FORCE
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|' $< >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

-include $(patsubst %.o,%.d,$(call object,$(ALL_SRC)))

# ---- trying and testing -----------------------------------------------------
# Targets that may install packages start make anew: what pkg-config says is
# read when a makefile is parsed, and only the second parse knows the new files.
.PHONY: demo demo-run check check-run stress faults faults-run cov valgrind bench bench-run lint deps
## demo: build, then fetch and copy a little on this machine and show the reports
demo:
	@sh src/deps.sh build
	@$(MAKE) demo-run
demo-run: programs $(B)/helper/server
	@BUILD=$(B) bash tests/demo.sh

## check: build and run all tests; the last line is "N passed, N failed"
check:
	@sh src/deps.sh build test
	@$(MAKE) check-run
check-run: lib tests
	@BUILD=$(B) SAN=$(SAN) CC='$(CC)' bash tests/run

## stress: the stress programs in their long form (use SAN=thread too)
stress: $(STRESS)
	@BUILD=$(B) SAN=$(SAN) bash tests/run --stress

## fuzz: every fuzz target for SECONDS=60, with clang (ONLY=state for one)
.PHONY: fuzz fuzz-build
SECONDS ?= 60
fuzz:
	@sh src/deps.sh build test fuzz
	@$(MAKE) CC=clang SAN=fuzzer fuzz-build
	@BUILD=$(O)/fuzz-clang bash tests/fuzz/run --seconds '$(SECONDS)' $(ONLY)
fuzz-build: $(FUZZ)

## faults: kill, cut the power, break disks, and count what was lost (SHORT=1 for two minutes of it)
faults:
	@sh src/deps.sh build test faults
	@$(MAKE) faults-run
faults-run: programs $(HELPERS)
	@BUILD=$(B) SHORT='$(SHORT)' bash tests/faults/run

## cov: line coverage of each layer; fails below core 95 %, engines 85 %
cov:
	@sh src/deps.sh build test
	@find $(O)/cov -name '*.gcda' -delete 2>/dev/null || true
	@$(MAKE) SAN=coverage check-run; status=$$?; BUILD=$(O)/cov bash tests/cov && exit $$status

## valgrind: the unit tests under memcheck
valgrind: tests
	@BUILD=$(B) SAN=valgrind bash tests/run --unit

## bench: compare speed with other programs (takes long; see docs/BENCHMARKS.md)
bench:
	@sh src/deps.sh build test bench
	@$(MAKE) bench-run
bench-run: programs $(HELPERS) $(BENCH)
	@BUILD=$(B) bash tests/bench/run

## experiments: the timings of tutorials on Python again, in C (see docs/EXPERIMENTS.md)
.PHONY: experiments experiments-run
experiments:
	@sh src/deps.sh build test
	@$(MAKE) experiments-run
experiments-run: examples $(B)/bench/experiment $(B)/helper/server
	@BUILD=$(B) bash tests/experiments/run

## lint: layers, lengths, banned calls, warnings, static analysers, formatting
lint:
	@sh src/deps.sh build test lint
	@CC='$(CC)' bash tests/lint/run

## format: run clang-format over all sources
.PHONY: format
format:
	$(Q)clang-format -i $(HEADERS) $(ALL_SRC) $(wildcard src/*/*.h src/*/*/*.h tests/*.h tests/*/*.h \
		tests/*/*/*.h tests/*/*/*/*.h)

## deps: install what building, testing, lint and bench need
deps:
	@sh src/deps.sh build test lint faults bench

# ---- installing -------------------------------------------------------------
.PHONY: install uninstall
DEST_BIN = $(DESTDIR)$(BINDIR)
DEST_LIB = $(DESTDIR)$(LIBDIR)
DEST_INC = $(DESTDIR)$(INCLUDEDIR)/pxfer
DEST_MAN = $(DESTDIR)$(MANDIR)/man

## install: programs, library, headers, pxfer.pc and man pages
install: all
	$(Q)$(INSTALL) -d $(DEST_BIN) $(DEST_LIB)/pkgconfig $(DEST_INC)
	$(Q)$(INSTALL) -m 755 $(PROGRAMS) $(DEST_BIN)
	$(Q)$(INSTALL) -m 644 $(STATIC_LIB) $(DEST_LIB)
	$(Q)$(INSTALL) -m 755 $(SHARED_LIB) $(DEST_LIB)
	$(Q)ln -sf $(SHARED_FILE) $(DEST_LIB)/$(SONAME)
	$(Q)ln -sf $(SONAME) $(DEST_LIB)/libpxfer.so
	$(Q)$(INSTALL) -m 644 $(PC_FILE) $(DEST_LIB)/pkgconfig
	$(Q)$(INSTALL) -m 644 $(HEADERS) $(DEST_INC)
	$(Q)$(INSTALL) -d $(DEST_MAN)1 $(DEST_MAN)3
	$(Q)$(INSTALL) -m 644 $(filter %.1,$(MAN_PAGES)) $(DEST_MAN)1
	$(Q)$(INSTALL) -m 644 $(filter %.3,$(MAN_PAGES)) $(DEST_MAN)3

## uninstall: remove what install put there (same PREFIX and DESTDIR)
uninstall:
	$(Q)rm -f $(addprefix $(DEST_BIN)/,$(notdir $(PROGRAMS)))
	$(Q)rm -f $(addprefix $(DEST_LIB)/,libpxfer.a libpxfer.so $(SONAME) $(SHARED_FILE))
	$(Q)rm -f $(DEST_LIB)/pkgconfig/pxfer.pc
	$(Q)rm -f $(foreach n,1 3,$(addprefix $(DEST_MAN)$n/,$(notdir $(filter %.$n,$(MAN_PAGES)))))
	$(Q)rm -f $(addprefix $(DEST_INC)/,$(notdir $(HEADERS)))
	$(Q)rmdir $(DEST_INC) 2>/dev/null || true

# ---- the rest ---------------------------------------------------------------
.PHONY: clean help show-flags FORCE
# For the lint checks, which compile with the flags of the build.
show-flags:
	@echo '$(CPPFLAGS_ALL) $(GLIB_CFLAGS) $(CFLAGS_ALL)'

## clean: remove the build directories
clean:
	$(Q)rm -rf $(foreach v,release asan tsan cov fuzz,$(O)/$(v) $(O)/$(v)-clang)
	$(Q)rmdir $(O) 2>/dev/null || true

## help: this list
help:
	@awk -F': ' '/^## /{t = substr($$1, 4); if (t ~ /=/) s = s sprintf("  %s\n      %s\n", t, $$2); \
		else printf "  %-10s %s\n", t, $$2} END {print "switches:\n" s}' Makefile

FORCE:
