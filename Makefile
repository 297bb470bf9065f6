# Makefile: builds qmta. Needs make (GNU), a C compiler and sh; `make help`
# lists what it can do, config.mk what can be changed, docs/HACKING.md why.
# Everything it makes is under $(O); what it fetches is under $(DEPS).

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

ifneq ($(BOARD),)
ifeq ($(wildcard board/$(BOARD).mk),)
$(error BOARD=$(BOARD): there is no board/$(BOARD).mk; there are: \
	$(patsubst board/%.mk,%,$(wildcard board/*.mk)))
endif
include board/$(BOARD).mk
endif
include config.mk

# --- Options: each 0 or 1, and possible together -----------------------------
OPTIONS := QUEUE SEND LOCAL TOOLS BS SMTPD SETUP CHECK TLS TLSD DKIM DKIMKEY DANE PSK RESUME
bool = $(if $(filter-out 0 1,$($(1)))$(filter-out 1,$(words $($(1)))),\
	$(error $(1) must be 0 or 1, and is "$($(1))"))
$(foreach v,$(OPTIONS:%=CFG_%) STATIC SAN LTO SETUID,$(call bool,$(v)))
ifeq ($(CFG_QUEUE)$(CFG_SEND),01)
$(error CFG_SEND=1 needs CFG_QUEUE=1: there would be no queue to send from)
endif
ifeq ($(CFG_SEND)$(CFG_CHECK),01)
$(error CFG_CHECK=1 needs CFG_SEND=1: it takes the way that mail takes)
endif
ifeq ($(CFG_SEND)$(CFG_LOCAL),01)
$(error CFG_LOCAL=1 needs CFG_SEND=1: local delivery is done for qmta-send)
endif
ifeq ($(CFG_LOCAL)$(CFG_TOOLS),01)
$(error CFG_TOOLS=1 needs CFG_LOCAL=1: they are for mail that is delivered here)
endif
ifneq ($(filter 01 10 00,$(CFG_TLS)$(CFG_SEND)),)
ifeq ($(CFG_DKIM),1)
$(error CFG_DKIM=1 needs CFG_TLS=1 and CFG_SEND=1: Mbed TLS signs what qmta-send sends)
endif
endif
ifeq ($(CFG_DKIM)$(CFG_DKIMKEY),01)
$(error CFG_DKIMKEY=1 needs CFG_DKIM=1: nothing else would use the keys)
endif
ifeq ($(CFG_BS)$(CFG_SMTPD),01)
$(error CFG_SMTPD=1 needs CFG_BS=1: it is the same server)
endif
ifneq ($(filter 01 10 00,$(CFG_TLS)$(CFG_SMTPD)),)
ifeq ($(CFG_TLSD),1)
$(error CFG_TLSD=1 needs CFG_TLS=1 and CFG_SMTPD=1: it is for those who send to mini-smtpd)
endif
endif
ifneq ($(filter 01,$(CFG_TLS)$(CFG_DANE) $(CFG_TLS)$(CFG_PSK) $(CFG_TLS)$(CFG_RESUME)),)
$(error CFG_DANE=1, CFG_PSK=1 and CFG_RESUME=1 need CFG_TLS=1)
endif

# --- Which variant, and where it is built ------------------------------------
# Each has its own directory, so that they do not undo each other.
VARIANT := $(if $(filter 1,$(SAN)),san,$(if $(filter 0,$(STATIC)),host,static))
O ?= $(if $(filter static,$(VARIANT)),build,build/$(VARIANT))
# Written the same way however it was given: it is part of the flags.
override O := $(patsubst %/,%,$(patsubst $(CURDIR)/%,%,$(O)))
override DEPS := $(patsubst $(CURDIR)/%,%,$(DEPS))
OBJ := $(O)/obj

# --- Tools -------------------------------------------------------------------
# A name given on the command line or in the environment is left alone.
tool = $(if $(filter default undefined,$(origin $(1))),$(eval $(1) := $(2)))
$(call tool,CC,$(CROSS_COMPILE)$(if $(CROSS_COMPILE),gcc,cc))
$(call tool,AR,$(CROSS_COMPILE)ar)
$(call tool,STRIP,$(CROSS_COMPILE)strip)
$(call tool,OBJCOPY,$(CROSS_COMPILE)objcopy)
$(call tool,INSTALL,install)
TARGET := $(shell $(CC) $(ARCH_FLAGS) -dumpmachine 2>/dev/null)

# musl: none is needed by a compiler that is musl's own already.
comma := ,
empty :=
space := $(empty) $(empty)
ABI := $(TARGET)$(subst $(space),,$(subst /,_,$(ARCH_FLAGS)))
ifeq ($(VARIANT),static)
ifneq ($(wildcard $(MUSL_DIR)/lib/libc.a),)
MUSL := $(MUSL_DIR)
else ifeq ($(findstring musl,$(TARGET)),)
MUSL := $(DEPS)/musl-min-$(ABI)
MUSL_BUILT := $(MUSL)/lib/libc.a
endif
endif

# Mbed TLS: an installed one, or built for this variant with our configuration.
MBEDTLS := $(or $(if $(wildcard $(MBEDTLS_DIR)/lib/libmbedtls.a),$(MBEDTLS_DIR)),\
	$(DEPS)/mbedtls-$(ABI)$(if $(filter static,$(VARIANT)),,-host)$(if \
	$(filter 1,$(CFG_PSK)),-psk)$(if $(filter 1,$(CFG_RESUME)),-resume)$(if \
	$(filter 1,$(CFG_TLSD)),-srv))
DEPS_ENV = CC="$(CC)" AR="$(AR)" ARCH_FLAGS="$(ARCH_FLAGS)" DEPS="$(DEPS)" \
	MUSL_DIR="$(MUSL_DIR)" MBEDTLS_DIR="$(MBEDTLS_DIR)" SMALL="$(if $(filter static,$(VARIANT)),$(PREF_mbedtls) $(if $(TLS_LTO),$(TLS_LTO) \
	-ffat-lto-objects),-Os -g -ffunction-sections -fdata-sections) \
	-DCFG_PSK=$(CFG_PSK) -DCFG_RESUME=$(CFG_RESUME) -DCFG_TLSD=$(CFG_TLSD)"

# --- Flags -------------------------------------------------------------------
# Three layers: what we prefer, then the user's CFLAGS, CPPFLAGS and LDFLAGS,
# then what the program cannot be built without. So nothing a distribution puts
# on the command line breaks the build, and its -O2 or -g still wins.
WARN := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Werror=implicit-function-declaration
ARCHIVE := $(OBJ)/libqmta.a

# -Oz is 3 KB less than -Os; gcc before 12 does not know it. The rest is meant to be
# fast, and costs 2 KB.
SMALL := -Oz -fno-caller-saves -fno-move-loop-invariants -fno-thread-jumps \
	-fno-tree-dominator-opts -fno-tree-loop-im -fno-shrink-wrap \
	-fno-optimize-sibling-calls -fno-tree-tail-merge -fno-tree-fre
SMALL := $(if $(shell $(CC) $(SMALL) -E -x c /dev/null 2>/dev/null),$(SMALL),-Os)
PREF_static := $(SMALL) -fno-pie -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fno-unwind-tables -fno-jump-tables
# Nothing here counts in fractions, and alignment for vectors costs 400 bytes.
PREF_static += $(if $(filter x86_64-%,$(TARGET)),-mgeneral-regs-only -malign-data=abi)
# Fat: then every ar and every other program here can use the objects.
LTO_static := $(if $(filter 1,$(LTO)),-flto -flto-partition=one)
# Mbed TLS, with our files that call it, is optimized as a whole where GCC can: 10 KB less.
TLS_LTO := $(if $(filter static1,$(VARIANT)$(CFG_TLS)),$(shell f='-flto -flto-partition=one \
	-fipa-pta -fno-ipa-modref'; $(CC) $$f -E -x c /dev/null >/dev/null 2>&1 && echo "$$f"))
# Whatever the board: builds with LTO=1 and without share one library.
PREF_mbedtls := $(PREF_static)
PREF_static += $(LTO_static) $(if $(LTO_static),-ffat-lto-objects -fipa-pta -fno-ipa-modref)
PREF_host := -Os -g -ffunction-sections -fdata-sections
PREF_san := -O1 -g -fno-omit-frame-pointer -ffunction-sections -fdata-sections
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined

NEED := -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 \
	-I$(O) -ffile-prefix-map=$(CURDIR)=.
ifeq ($(VARIANT),san)
NEED += $(SANFLAGS)
endif
ifneq ($(MUSL),)
NEED += -nostdinc -isystem $(MUSL)/include \
	-isystem $(shell $(CC) -print-file-name=include)
endif
COMPILE = $(CC) $(WARN) $(PREF_$(VARIANT)) $(ARCH_FLAGS) $(CFLAGS) $(CPPFLAGS) $(NEED)

# The gaps that page alignment leaves are 10 KB of a 20 KB program. Sorted, what is
# small lies together, and not among large tables: 12 KB less in an idle runner.
LDPREF_static := -Wl,-z,norelro,-z,noseparate-code,-z,common-page-size=64 \
	-Wl,--gc-sections,--build-id=none -Wl,--sort-section=alignment $(LTO_static)
LDTLS := $(if $(TLS_LTO),$(filter-out -flto% -ffat%,$(PREF_static)) $(TLS_LTO))
LDPREF_host := -Wl,--gc-sections,--build-id=none
# Without it, parts of Mbed TLS that nobody calls would want what is not there.
LDPREF_san := -Wl,--gc-sections
LDNEED_host := -lresolv -lcrypt
LDNEED_san := $(SANFLAGS) -lresolv -lcrypt
LDNEED_static := -static -no-pie
ifneq ($(MUSL),)
# No crti.o, crtbegin.o: C has no constructors that would need them.
CRT := $(MUSL)/lib/crt1.o
LIBGCC := $(shell $(CC) $(ARCH_FLAGS) -print-libgcc-file-name)
LDNEED_static += -nostdlib -Wl,--start-group $(MUSL)/lib/libc.a $(LIBGCC) \
	-Wl,--end-group
endif
LINK = $(CC) $(LDPREF_$(VARIANT)) $(LDTLS) $(ARCH_FLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(CRT)
# Mbed TLS calls back for memory and the PSA interface, which is made of its parts.
LIBS = $(ARCHIVE) $(TLS_LIB) $(if $(TLS_LIB),$(ARCHIVE) $(TLS_LIB)) $(LDNEED_$(VARIANT))
# Linked first, as one object with what it needs of the C library, so that what an idle
# daemon runs is one window of the kernel's (src/base/trim.c): 120 KB less memory.
WAIT_static := $(OBJ)/wait.o
# What runs in one process lies together, where there is much that does not.
NEAR := $(if $(filter static,$(VARIANT)),$(if $(filter 1,$(CFG_TLS) $(CFG_SMTPD)),\
	-Wl$(comma)-T$(comma)src/near.ld))
STRIPIT = $(if $(filter static,$(VARIANT)),\
	$(STRIP) -s -R .comment -R .note.gnu.property $@)

# --- Sources -----------------------------------------------------------------
# The library's memory is a pool, or malloc where a sanitizer or the host's tools watch it.
TLS_SRC := $(filter-out src/net/tls_none.c src/net/tls_pool%,$(wildcard src/net/tls_*.c))
# One with a configuration of its own has a store of keys itself.
TLS_SRC := $(if $(filter $(MBEDTLS),$(MBEDTLS_DIR)),$(filter-out \
	src/net/tls_psa.c,$(TLS_SRC)),$(TLS_SRC))
TLS_SRC := $(if $(filter 1,$(CFG_TLSD)),$(TLS_SRC),$(filter-out src/net/tls_accept.c \
	src/net/tls_grant.c src/net/tls_visitor.c,$(TLS_SRC)))
TLS_SRC += $(if $(filter static,$(VARIANT)),src/net/tls_pool.c,src/net/tls_pool_libc.c)
ALT := $(wildcard src/net/tls_*.c) src/base/heap.c src/base/heap_libc.c src/base/stat.c \
	src/base/passhash.c src/base/passhash_libc.c
MAINS := src/qmta.c src/qmail-queue.c
SRC := $(filter-out $(ALT) $(MAINS),$(sort $(wildcard src/*.c src/*/*.c)))
SRC += $(if $(filter 1,$(CFG_TLS)),$(TLS_SRC),src/net/tls_none.c)
# The small heap, or malloc where a sanitizer or the host's tools watch it.
SRC += $(if $(filter static,$(VARIANT)),src/base/heap.c,src/base/heap_libc.c)
# Passwords' hashes: musl's SHA-512 alone, or the host's libcrypt.
SRC += $(if $(MUSL),src/base/passhash.c,src/base/passhash_libc.c)
# stat(2) without a conversion, where none is needed.
SRC += $(if $(MUSL),$(if $(filter x86_64-%,$(TARGET)),\
	$(if $(filter -m32 -mx32,$(CC) $(ARCH_FLAGS) $(CFLAGS)),,src/base/stat.c)))
OBJS := $(SRC:%.c=$(OBJ)/%.o)
ALLOBJS := $(OBJS) $(MAINS:%.c=$(OBJ)/%.o) $(OBJ)/tests/lib/clock_fake.o \
	$(OBJ)/tests/lib/tlsdial.o $(OBJ)/tests/lib/listend.o

PROGRAMS := qmta $(if $(filter 1,$(CFG_QUEUE)),qmail-queue)

# Names and options of the applets, "name:OPTION", and the names that are built.
TABLE := $(shell sed -n 's/^APPLET."\([^"]*\)", *\([A-Z]*\),.*/\1:\2/p' src/applets.def)
ON := ALWAYS $(foreach o,$(OPTIONS),$(if $(filter 1,$(CFG_$(o))),$(o)))
APPLETS := $(foreach o,$(ON),$(patsubst %:$(o),%,$(filter %:$(o),$(TABLE))))

.PHONY: all help deps check demo install size lint clean distclean repro fault peer bench \
	bins testbins unit sizebins FORCE
all: bins
	@echo "built $(PROGRAMS:%=$(O)/%) ($(VARIANT)); by name in $(O)/bin"
bins: $(PROGRAMS:%=$(O)/%) $(O)/bin/.links
# The same programs with a clock that tests can set, and no stripping.
testbins: $(PROGRAMS:%=$(O)/test/%) $(O)/test/bin/.links \
	$(if $(filter 1,$(CFG_TLS)),$(O)/test/tlsdial) \
	$(if $(filter 1,$(CFG_SMTPD)),$(O)/test/listend)

help:
	@echo 'make            build $(O)/qmta, $(O)/qmail-queue and the links in $(O)/bin'
	@echo 'make demo       send two messages through a private queue and show them'
	@echo 'make check      all tests, in three builds'
	@echo 'make deps       fetch and build musl and Mbed TLS into $(DEPS)'
	@echo 'make install    into $$DESTDIR$$PREFIX;  SETUID=1: a set-id qmail-queue'
	@echo 'make size       bytes by applet and by folder, and the limits'
	@echo 'make lint       analyser, cppcheck, shellcheck, mandoc, layering'
	@echo 'make repro      two builds in two places, compared'
	@echo 'make fault      every system call of enqueue and delivery fails once'
	@echo 'make peer       real programs that call sendmail: cron, mutt, PHP, ... (root)'
	@echo 'make bench      1000 messages to one server and from clients, beside others (root)'
	@echo 'make clean      remove $(O);  make distclean: and $(DEPS)'
	@echo 'STATIC=0 host libc | SAN=1 sanitizers | BOARD=$(patsubst board/%.mk,%,$(wildcard board/*.mk))'
	@echo 'other settings: config.mk'

# --- What the build depends on, as files that change only when it changes ----
define FLAGS
$(TARGET) $(shell $(CC) --version 2>/dev/null | sed q)
$(COMPILE)
$(LDPREF_$(VARIANT)) $(LDFLAGS) $(LDNEED_$(VARIANT)) $(AR) $(STRIP)
endef
# Puts $@.new in the place of $@, if it says something else.
settle = if cmp -s $@.new $@; then rm -f $@.new; else mv -f $@.new $@; fi
# $(call update,VARIABLE) writes the variable to $@.
define update
$(shell mkdir -p $(@D))$(file >$@.new,$($(1)))
@$(settle)
endef

$(OBJ)/flags: FORCE
	@[ -n "$(TARGET)" ] || { echo "$(CC) does not run; install a C compiler" \
		"(package gcc) or name one with CC=" >&2; exit 1; }
	$(call update,FLAGS)
$(O)/config.h: FORCE
	@mkdir -p $(@D)
	@{ echo '/* Made by make from config.mk. */'; \
	$(foreach o,$(OPTIONS),echo '#define CFG_$(o) $(CFG_$(o))';) \
	echo '#define CFG_ALWAYS 1'; \
	echo '#define VERSION "$(VERSION)"'; \
	echo '#define BUILD_DATE $(or $(SOURCE_DATE_EPOCH),$(RELEASE_DATE))'; \
	echo '#define CONTROL_DIR "$(CONTROL_DIR)"'; \
	echo '#define USERS_DIR "$(USERS_DIR)"'; \
	echo '#define QUEUE_DIR "$(QUEUE_DIR)"'; \
	echo '#define BIN_DIR "$(BINDIR)"'; \
	echo '#define SBIN_DIR "$(SBINDIR)"'; } >$@.new
	@$(settle)
$(OBJ)/objects: FORCE
	$(call update,OBJS)

ifneq ($(MUSL_BUILT),)
$(MUSL_BUILT):
	@$(DEPS_ENV) sh scripts/deps.sh musl $(MUSL)
endif
$(DEPS)/mbedtls-%/lib/libmbedtls.a: src/net/tls_config.h src/net/tls_psa.h scripts/deps.sh \
	scripts/deps.sha256 | $(MUSL_BUILT)
	@$(DEPS_ENV) sh scripts/deps.sh mbedtls $(MBEDTLS) $(MUSL)
ifeq ($(CFG_TLS),1)
# A package's Mbed TLS is three archives and has a configuration of its own.
TLS_LIB := $(MBEDTLS)/lib/libmbedtls.a \
	$(wildcard $(MBEDTLS_DIR)/lib/libmbedx509.a $(MBEDTLS_DIR)/lib/libmbedcrypto.a)
$(TLS_SRC:%.c=$(OBJ)/%.o): $(TLS_LIB)
# What includes <mbedtls/...>.
TLS_NEED := -isystem $(MBEDTLS)/include \
	$(if $(filter $(MBEDTLS),$(MBEDTLS_DIR)),,\
	-DMBEDTLS_CONFIG_FILE='"tls_config.h"' -Isrc/net)
$(TLS_SRC:%.c=$(OBJ)/%.o): NEED += $(if $(TLS_LTO),$(TLS_LTO) -ffat-lto-objects) $(TLS_NEED)
endif

# --- Compiling and linking ---------------------------------------------------
# V=1 shows the commands, make -s nothing.
SILENT := $(findstring s,$(firstword -$(MAKEFLAGS)))
run = @$(if $(V),set -x;,$(if $(SILENT),,echo "$(1) $@";)) $(2)
# Who includes config.h says so in its .d, as with any other header.
$(ALLOBJS): $(OBJ)/%.o: %.c $(OBJ)/flags | $(O)/config.h $(MUSL_BUILT)
	@mkdir -p $(@D)
	$(call run,CC,$(COMPILE) -MD -MP -c -o $@ $<)

# musl's SHA-512 of passwords, out of its archive; what it calls is in src/base/passhash.c.
HASH := $(if $(MUSL),$(OBJ)/crypt_sha512.o)
$(OBJ)/crypt_sha512.o: $(MUSL_BUILT) $(OBJ)/flags
	@mkdir -p $(@D)
	$(call run,AR,lib=$(MUSL)/lib/libc.a && \
		$(AR) p $$lib $$($(AR) t $$lib | grep '^crypt_sha512\.') >$@ && \
		$(OBJCOPY) --redefine-sym __crypt_sha512=passhash_sha512 \
		--redefine-sym sprintf=passhash_put --redefine-sym strtoul=passhash_number $@)

$(ARCHIVE): $(OBJS) $(HASH) $(OBJ)/objects
	@rm -f $@
	$(call run,AR,$(AR) qcsD $@ $(OBJS) $(HASH))

$(O)/qmta: $(OBJ)/src/qmta.o $(WAIT_$(VARIANT)) $(ARCHIVE) src/near.ld
	$(call run,LD,$(LINK) $(NEAR) $(OBJ)/src/qmta.o $(WAIT_$(VARIANT)) $(LIBS))
	@$(STRIPIT)
$(O)/qmail-queue: $(OBJ)/src/qmail-queue.o $(ARCHIVE)
	$(call run,LD,$(LINK) $(OBJ)/src/qmail-queue.o $(LIBS))
	@$(STRIPIT)
$(O)/test/%: $(OBJ)/src/%.o $(OBJ)/tests/lib/clock_fake.o $(WAIT_$(VARIANT)) $(ARCHIVE) src/near.ld
	@mkdir -p $(@D)
	$(call run,LD,$(LINK) $(if $(filter qmta,$*),$(NEAR)) $< $(OBJ)/tests/lib/clock_fake.o $(WAIT_$(VARIANT)) $(LIBS))
$(OBJ)/wait.o: $(OBJ)/src/base/trim.o
	@$(CC) $(ARCH_FLAGS) -nostdlib -static -r $(if $(LTO_static),-fno-use-linker-plugin) -o $@ \
		$< $(if $(MUSL),$(MUSL)/lib/libc.a,-lc)
# A client of nothing but TLS, and a program behind nothing but the listener.
$(O)/test/tlsdial $(O)/test/listend: $(O)/test/%: $(OBJ)/tests/lib/%.o $(OBJ)/tests/lib/clock_fake.o $(ARCHIVE)
	@mkdir -p $(@D)
	$(call run,LD,$(LINK) $(filter %.o,$^) $(LIBS))
-include $(ALLOBJS:.o=.d)

# Every name as a link; qmail-queue is the second, small program.
%/bin/.links: Makefile src/applets.def $(O)/config.h
	@rm -rf $(@D) && mkdir -p $(@D)
	@for a in $(APPLETS); do ln -s ../qmta $(@D)/$$a || exit 1; done
	@for p in $(PROGRAMS); do ln -sf ../$$p $(@D)/$$p || exit 1; done
	@: >$@

deps: $(MUSL_BUILT) $(MBEDTLS)/lib/libmbedtls.a
	@echo "deps: $(if $(MUSL),musl in $(MUSL) and) Mbed TLS in $(MBEDTLS)"

# --- The rest: each is a script ----------------------------------------------
# Recursive calls see the same command line through MAKEFLAGS.
PEER := $(abspath $(DEPS))/peer
demo:
	@MAKE="$(MAKE)" O="$(O)" sh scripts/demo.sh
check:
	@MAKE="$(MAKE)" O="$(O)" VARIANT="$(VARIANT)" PEER="$(PEER)" sh tests/run.sh $(T)
# Real programs against our sendmail; all of them need root and apt.
peer:
	@PEER="$(PEER)" sh tests/peer/box.sh install full || :
	@MAKE="$(MAKE)" O="$(O)" VARIANT="$(VARIANT)" PEER="$(PEER)" \
		sh tests/run.sh $(or $(T),tests/peer/*.t)
fault:
	@TEST_SECS="$${TEST_SECS:-3600}" MAKE="$(MAKE)" O="$(O)" VARIANT="$(VARIANT)" sh tests/run.sh tests/fault/*.t
lint:
	@MAKE="$(MAKE)" O="$(O)" QUICK="$(QUICK)" sh scripts/lint.sh
# Beside dma and nullmailer, in one run each; docs/BENCHMARKS.md. As root.
bench: bins
	python3 tests/bench/rate.py $(O)
	python3 tests/bench/qmqprate.py $(O)
	python3 tests/bench/smtpd.py $(O)

# For the size table: the program without one applet, with one alone, and with a
# map of every section. NAME is that of the applet's function.
FNS := $(sort $(shell awk '/^(APPLET|SUBCOMMAND)/ { print $$NF }' src/applets.def | tr -d '\051'))
SIZES := $(O)/size/whole $(FNS:%=$(O)/size/without-%) $(FNS:%=$(O)/size/alone-%)
$(SIZES): $(O)/size/%: src/applet.c src/applets.def $(ARCHIVE) $(OBJ)/src/qmta.o
	@mkdir -p $@.d && cp src/applet.c $@.d/
	@awk -v s='$*' '/^(APPLET|SUBCOMMAND)/ { f = $$NF; sub(/.$$/, "", f); \
		if (s == "without-" f || s ~ /^alone-/ && s != "alone-" f) next } 1' \
		src/applets.def >$@.d/applets.def
	@$(COMPILE) -Isrc -c -o $@.d/applet.o $@.d/applet.c
	@$(LINK) $(if $(TLS_LTO),-fno-lto) $(OBJ)/src/qmta.o $@.d/applet.o \
		$(filter-out %/applet.o,$(OBJS)) \
		-Wl,--gc-sections,-Map=$@.map $(LIBS)
	@$(STRIPIT)
sizebins: $(SIZES)
size: bins sizebins
	@O="$(O)" ARCH="$(firstword $(subst -, ,$(TARGET)))" VARIANT="$(VARIANT)" \
		TLS="$(if $(filter 1,$(CFG_TLS)),client,none)" FNS="$(FNS)" \
		MAKE="$(MAKE)" sh scripts/size.sh
repro:
	@MAKE="$(MAKE)" sh scripts/repro.sh

# Unit tests, one program each: tests/unit/NAME.c includes the file it tests.
UNIT := $(patsubst tests/unit/%.c,$(O)/unit/%,$(sort $(wildcard tests/unit/*.c)))
UNIT := $(if $(filter 1,$(CFG_TLS)),$(UNIT),$(filter-out $(O)/unit/tls%,$(UNIT)))
unit: $(UNIT)
$(filter $(O)/unit/tls%,$(UNIT)): NEED += $(TLS_NEED)
$(UNIT): $(O)/unit/%: tests/unit/%.c $(ARCHIVE) $(OBJ)/flags
	@mkdir -p $(@D)
	@$(COMPILE) -Wno-unused-function -MD -MP -MF $@.d -MT $@ -c -o $@.o $<
	$(call run,LD,$(LINK) $@.o $(LIBS))
-include $(UNIT:=.d)

# --- Installing --------------------------------------------------------------
# The program is $(SBINDIR)/qmta. Commands of users are links in $(BINDIR).
USERS := mailq newaliases qmail-inject
USERS += elq maildir2mbox maildirmake maildirwatch pinq preline qail qmaildirmake qmaildirwatch
SYSTEM := $(filter-out $(USERS) $(PROGRAMS),$(APPLETS))
MANS := $(sort $(wildcard docs/man/*.[1578]))
install: bins
	$(INSTALL) -d -m 755 $(foreach d,$(BINDIR) $(SBINDIR) $(LIBDIR),$(DESTDIR)$(d))
	$(INSTALL) -m 755 $(PROGRAMS:%=$(O)/%) $(DESTDIR)$(SBINDIR)/
ifeq ($(SETUID)$(CFG_QUEUE),11)
	chown $(QMAILQ):$(QMAIL_GROUP) $(DESTDIR)$(SBINDIR)/qmail-queue
	chmod 4711 $(DESTDIR)$(SBINDIR)/qmail-queue
endif
	set -e; for a in $(SYSTEM); do ln -sf qmta $(DESTDIR)$(SBINDIR)/$$a; done
	set -e; for a in $(filter $(USERS),$(APPLETS)); do \
		ln -sf $(SBINDIR)/qmta $(DESTDIR)$(BINDIR)/$$a; done
	ln -sf $(SBINDIR)/sendmail $(DESTDIR)$(LIBDIR)/sendmail
	set -e; for m in $(MANS); do \
		d=$(DESTDIR)$(MANDIR)/man$${m##*.}; $(INSTALL) -d -m 755 $$d; \
		$(INSTALL) -m 644 $$m $$d/; done

clean:
	rm -rf $(O)
distclean: clean
	rm -rf build $(DEPS)
FORCE:
