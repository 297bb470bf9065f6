/* date.c: dates as the qmail family writes them, always UTC. Civil date from
 * days by the 400-year cycle that begins on 1 March 2000, where leap days fall
 * at the end of a year and need no table. */
#include <string.h>
#include "date.h"
#include "text.h"

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char days[] = "SunMonTueWedThuFriSat";

enum { CYCLE = 146097, TO_MARCH_2000 = 11017 };	/* days of 400 years; 1970-01-01 to 2000-03-01 */

static int64_t floordiv(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

void date_civil(int64_t t, struct civil *c)
{
	int64_t day = floordiv(t, 86400), cycle = floordiv(day - TO_MARCH_2000, CYCLE);
	int sec = (int)(t - day * 86400), d = (int)(day - TO_MARCH_2000 - cycle * CYCLE);
	int y = (d - d / 1460 + d / 36524 - d / (CYCLE - 1)) / 365, m;

	d -= y * 365 + y / 4 - y / 100;
	m = (5 * d + 2) / 153;
	c->day = d - (153 * m + 2) / 5 + 1;
	c->mon = m < 10 ? m + 3 : m - 9;
	c->year = 2000 + cycle * 400 + y + (m >= 10);
	c->hour = sec / 3600;
	c->min = sec / 60 % 60;
	c->sec = sec % 60;
	c->wday = (int)(day + 4 - floordiv(day + 4, 7) * 7);
}

int64_t date_unix(const struct civil *c)
{
	int m = c->mon > 2 ? c->mon - 3 : c->mon + 9;
	int64_t years = c->year - 2000 - (c->mon <= 2), cycle = floordiv(years, 400);
	int y = (int)(years - cycle * 400);
	int64_t d = cycle * CYCLE + y * 365 + y / 4 - y / 100;

	d += (153 * m + 2) / 5 + c->day - 1 + TO_MARCH_2000;
	return d * 86400 + c->hour * 3600 + c->min * 60 + c->sec;
}

static const char *month(const struct civil *c)
{
	return months + 3 * (c->mon - 1);
}

static int put_date(struct buf *b, int64_t t, const char *zone)
{
	struct civil c;

	date_civil(t, &c);
	return buf_fmt(b, "%d %.*s %lld %02d:%02d:%02d %s", c.day, 3, month(&c),
		(long long)c.year, c.hour, c.min, c.sec, zone);
}

int date_mail(struct buf *b, int64_t t)
{
	return put_date(b, t, "-0000");
}

int date_gmt(struct buf *b, int64_t t)
{
	return put_date(b, t, "GMT");
}

int date_stamp(struct buf *b, int64_t t)
{
	struct civil c;

	date_civil(t, &c);
	return buf_fmt(b, "%04lld%02d%02d%02d%02d%02d", (long long)c.year, c.mon,
		c.day, c.hour, c.min, c.sec);
}

int date_mbox(struct buf *b, int64_t t)
{
	struct civil c;

	date_civil(t, &c);
	return buf_fmt(b, "%.*s %.*s %02d %02d:%02d:%02d %lld", 3, days + 3 * c.wday,
		3, month(&c), c.day, c.hour, c.min, c.sec, (long long)c.year);
}

int date_mail_parse(const char *s, size_t n, int64_t *t)
{
	/* Day, month, year, hour, minute, second: most digits, and what follows. */
	static const char digits[] = "234222", after[] = "   :: ";
	uint64_t v[6];
	struct civil c;
	size_t i, k;

	for (i = 0; i < 6; i++) {
		k = text_u64(s, n, &v[i]);
		if (i == 1 && n > 3) {
			for (v[i] = 0; v[i] < 12 && memcmp(s, months + 3 * v[i], 3); v[i]++)
				;
			k = v[i]++ < 12 ? 3 : 0;
		}
		if (!k || k > (size_t)(digits[i] - '0') || k >= n || s[k] != after[i])
			return 0;
		s += k + 1;
		n -= k + 1;
	}
	if (n < 5 || memcmp(s, "-0000", 5) || v[0] < 1 || v[0] > 31 ||
		v[3] > 23 || v[4] > 59 || v[5] > 60)
		return 0;
	c.day = (int)v[0];
	c.mon = (int)v[1];
	c.year = (int64_t)v[2];
	c.hour = (int)v[3];
	c.min = (int)v[4];
	c.sec = (int)v[5];
	*t = date_unix(&c);
	return 1;
}
