# config.mk: everything a builder may want to change. Each line can be
# overridden on make's command line (make PREFIX=/usr/local CFG_LOCAL=0), by a
# board file (make BOARD=router) or by the environment; the command line wins.

VERSION = 0.1
# Seconds since 1970 of this release. It is compiled in as the earliest date a
# clock that is set can show, and it is a constant so that everybody who builds
# this release gets the same bytes. SOURCE_DATE_EPOCH, when set, replaces it.
RELEASE_DATE = 1795132800

# --- What is in the binary: 0 or 1 -------------------------------------------
# An applet whose option is 0 is not in the binary; its name answers "not built
# in" with exit code 100. docs/SIZES.md has the cost of each, measured.

# A queue: qmail-queue, the second program, and what puts mail into the queue. A
# machine without a disk to keep mail on does without: each message then goes to a
# QMQP server at once, or to the program that $QMAILQUEUE names. Rules by address
# (from.envrules, rcpt.envrules, domainqueue) go with it. 15 KB on x86_64, the second
# program not counted.
CFG_QUEUE ?= 1
# The queue runner: qmta-send, qmta queue, qmta status, qmail-remote, queue-fix,
# qmail-qread, qmail-qstat, qmail-tcpok, qmail-tcpto. Needed wherever mail waits in
# a queue; a board that hands each message to a central server at once can do
# without. 92 KB on x86_64, and 14 KB more for TLS and logins, local delivery not counted.
# Needs CFG_QUEUE, and follows it when it is not set.
CFG_SEND ?= $(CFG_QUEUE)
# Local delivery, for a machine where somebody reads mail: Maildirs, mailbox files,
# programs, .qmail, users/cdb and what makes it. Without it mail for users here still
# goes where aliases and adminaddr send it. 24 KB on x86_64.
# Needs CFG_SEND, and follows it when it is not set.
CFG_LOCAL ?= $(CFG_SEND)
# Small programs beside it: forward, condredirect, except, bouncesaying and preline for
# lines of .qmail, maildirmake, maildir2mbox, maildirwatch, elq, pinq and qail for those
# who read, qmail-direct and irmail. 9 KB on x86_64. Needs CFG_LOCAL, and follows it when
# it is not set.
CFG_TOOLS ?= $(CFG_LOCAL)
# The SMTP server that speaks with the program that started it: sendmail -bs, as
# Symfony, Swiftmailer, Laravel and Alpine use it. 8 KB on x86_64, 7 KB on armel (Thumb).
CFG_BS ?= 1
# mini-smtpd: mail from the LAN, or from programs here that speak SMTP to localhost, with
# its listener, rules and lists; qmail-newmrh, tcprules. 30 KB on x86_64, 25 KB on armel
# (Thumb). Needs CFG_BS, and follows it when it is not set.
CFG_SMTPD ?= $(CFG_BS)
# qmta setup: writes the control files of a new machine, or takes them over from the
# configuration of sSMTP, msmtp, nullmailer or dma. A machine whose control directory
# comes with its image does without. 15 KB on x86_64, 12 KB on armel (Thumb).
CFG_SETUP ?= 1
# qmta check: tells whether mail can leave this machine, step by step, and what to change.
# 9 KB on x86_64. Needs CFG_SEND, and follows it when it is not set.
CFG_CHECK ?= $(CFG_SEND)
# TLS for what this machine sends, with Mbed TLS of `make deps`: STARTTLS, SMTPS, QMQP
# over TLS, and logins. Without it a route that asks for TLS or a login says that it is
# not built in, and its mail waits. 123 KB on x86_64, most of it the library.
CFG_TLS ?= 1
# TLS and logins of those who send through mini-smtpd: STARTTLS, SMTPS, AUTH; qmta auth.
# 45 KB on x86_64: TLS is 29 KB of it, of which session tickets are 10 KB.
# Follows CFG_TLS and CFG_SMTPD.
CFG_TLSD ?= $(if $(filter 11,$(CFG_TLS)$(CFG_SMTPD)),1,0)
# DKIM (RFC 6376): signs what leaves by SMTP where control/dkim says so; qmta dkim-key
# makes the keys. For a machine that sends by itself, not through a smarthost that signs.
# 4 KB on x86_64. Needs CFG_TLS and CFG_SEND, and follows them when it is not set.
CFG_DKIM ?= $(if $(filter 11,$(CFG_TLS)$(CFG_SEND)),1,0)
# qmta dkim-key: makes those keys, 2048 bits, and their DNS records; `openssl genrsa` and
# some typing do as well. 7 KB on x86_64. Needs CFG_DKIM; follows it and CFG_SETUP.
CFG_DKIMKEY ?= $(if $(filter 11,$(CFG_DKIM)$(CFG_SETUP)),1,0)
# DANE (RFC 7672): a domain's own word, by DNSSEC, on the certificates of its mail
# exchangers. Of use where mail goes by MX and a validating resolver runs on the machine.
# 1 KB on x86_64. Needs CFG_TLS. Follows CFG_DKIM, as both are for machines that send by themselves.
CFG_DANE ?= $(CFG_DKIM)
# A key that both sides have in place of certificates (PSKFILE=), for our own servers: on
# x86_64 2 KB.
CFG_PSK ?= 0
# TLS sessions taken up again (control/tlstickets): the second connection to a server
# costs no certificate check, on a slow board half a second. On x86_64 7 KB.
CFG_RESUME ?= 0

# --- How it is built ---------------------------------------------------------
# STATIC=1: one file without a dynamic loader, with musl from `make deps`.
# STATIC=0: the host's compiler and libc.
STATIC ?= 1
# LTO=1: the static program is optimized as a whole, with a GCC that can: 1 to 2 KB smaller,
# but what an idle daemon needs no longer lies together (src/base/trim.c).
LTO ?= 0
# SAN=1: the host's libc with AddressSanitizer and UBSan, for tests only.
SAN ?= 0
# Prefix of the tools: CROSS_COMPILE=arm-linux-gnueabihf- takes ...-gcc, ...-ar.
CROSS_COMPILE ?=
# Flags that decide the machine code's ABI (-march=, -mthumb, -msoft-float);
# musl and Mbed TLS are built with them too. Other flags go in CFLAGS.
ARCH_FLAGS ?=
# musl: unpacked sources or an installed prefix (with lib/libc.a), instead of
# what `make deps` fetches. Mbed TLS: sources or prefix (lib/libmbedtls.a).
MUSL_DIR ?=
MBEDTLS_DIR ?=
# Where `make deps` keeps what it fetches and builds.
DEPS ?= .deps

# --- Where it goes -----------------------------------------------------------
# DESTDIR is put before every path at install time and is never compiled in.
DESTDIR ?=
PREFIX ?= /usr
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
LIBDIR ?= $(PREFIX)/lib
MANDIR ?= $(PREFIX)/share/man
CONTROL_DIR ?= /etc/indimail/control
# users/assign and users/cdb.
USERS_DIR ?= /etc/indimail/users
QUEUE_DIR ?= /var/indimail/queue/qmta
# SETUID=1: install qmail-queue owned by QMAILQ and set-user-id, so that users
# who may not write the queue can hand in mail. Without it only the owner of the
# queue and root can. Never root's: the program refuses to be set-id root.
SETUID ?= 0
QMAILQ ?= qmailq
QMAIL_GROUP ?= qmail
