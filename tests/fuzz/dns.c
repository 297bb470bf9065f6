/* The readers of DNS answers (src/net/dns.c, dane.c, record.c) under libFuzzer. From the
 * top directory, after `make SAN=1 bins CFG_TLS=1`:
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
 *	-std=c11 -D_GNU_SOURCE -Ibuild/san -o /tmp/fuzz-dns tests/fuzz/dns.c \
 *	src/net/{dns,dane,record,ask,addr,connect}.c \
 *	src/base/{buf,clock,control,dir,err,grow,heap_libc,io,log,proc,text,trim}.c
 *   /tmp/fuzz-dns -max_len=4096 -max_total_time=300
 *
 * Each answer is read as that to a question for MX and to one for TLSA. */
#include <stdlib.h>
#include <string.h>
#include "../../src/net/dane.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

static void must(int fact)
{
	if (!fact)
		abort();
}

static void mx(const unsigned char *p, size_t n)
{
	struct mxlist l;
	enum dns r = mx_parse(&l, p, n);
	unsigned i;

	must(l.n <= MX_MAX && (r == DNS_OK) == (l.n > 0));
	for (i = 0; i < l.n; i++) {
		must(memchr(l.mx[i].name, 0, NAME_CAP) && *l.mx[i].name);
		must(!i || l.mx[i - 1].pref <= l.mx[i].pref);
	}
}

static void tlsa(const unsigned char *p, size_t n, const char *asked)
{
	struct dane_set d;
	char name[NAME_CAP] = "";
	unsigned i;
	enum dane r;

	strcpy(name, asked);
	r = tlsa_parse(&d, name, p, n);
	must(memchr(name, 0, NAME_CAP) && d.n <= TLSA_MAX && (r != DANE_RECORDS || d.n));
	must(r == DANE_RECORDS || r == DANE_ERROR || !d.n);
	for (i = 0; i < d.n; i++)
		must(d.list[i].usage - 2 <= 1 && d.list[i].selector <= 1 &&
			d.list[i].len == (d.list[i].match == 1 ? 32 : 64));
}

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	mx(p, n);
	tlsa(p, n, "_25._tcp.mx.net");
	tlsa(p, n, "");
	return 0;
}
