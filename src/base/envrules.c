/* envrules.c: variables chosen by an address: which queue program a sender's mail
 * takes, how a recipient's bounce is made. Read by the injector just before it
 * chooses the queue, and by the runner for bounces. */
#include <stdlib.h>
#include <string.h>
#include "control.h"
#include "env.h"
#include "envrules.h"
#include "text.h"
#include "../limits.h"

/* Length of the [set] at p, of at most len bytes; 0: it has no end. */
static size_t set_length(const char *p, size_t len)
{
	size_t i = 1;

	if (i < len && (p[i] == '!' || p[i] == '^'))
		i++;
	for (i++; i < len; i++)	/* its first byte may be a ] */
		if (p[i] == ']')
			return i + 1;
	return 0;
}

/* c (lower case) against the set of n bytes at p. */
static int in_set(const char *p, size_t n, int c)
{
	const char *end = p + n - 1;
	int negated = *++p == '!' || *p == '^', found = 0;

	for (p += negated; p < end; p++) {
		int lo = text_lower((unsigned char)*p), hi = lo;

		if (end - p > 2 && p[1] == '-') {
			hi = text_lower((unsigned char)p[2]);
			p += 2;
		}
		found |= lo <= c && c <= hi;
	}
	return found != negated;
}

/* One element of the pattern (never a star) against c: its length, or 0. */
static size_t one(const char *p, size_t len, int c)
{
	size_t n = *p == '[' ? set_length(p, len) : 0;

	c = text_lower(c);
	if (n)
		return in_set(p, n, c) ? n : 0;
	return *p == '?' || text_lower((unsigned char)*p) == c;
}

/* Only the last star is ever tried again, so the work is at most len times n. */
int wild_match(const char *pattern, size_t len, const char *s, size_t n)
{
	size_t p = 0, i = 0, star = len, from = 0, step;

	while (i < n) {
		if (p < len && pattern[p] == '*') {
			star = p++;
			from = i;
		} else if (p < len && (step = one(pattern + p, len - p, (unsigned char)s[i]))) {
			p += step;
			i++;
		} else if (star < len) {
			p = star + 1;
			i = ++from;
		} else
			return 0;
	}
	while (p < len && pattern[p] == '*')
		p++;
	return p == len;
}

char *envrules_find(const struct buf *list, const char *key, size_t n)
{
	size_t at, colon;

	for (at = 0; at < list->len; at += strlen(list->s + at) + 1) {
		char *line = list->s + at;

		colon = strcspn(line, ":");
		if (line[colon] && wild_match(line, colon, key, n))
			return line + colon + 1;
	}
	return 0;
}

int envrules_put(char *vars)
{
	while (*vars) {
		char *v = vars;
		size_t n = strcspn(v, ",");

		vars += n + (v[n] == ',');
		v[n] = 0;
		if (n && v[n - 1] == '=' && !memchr(v, '=', n - 1))
			v[n - 1] = 0;
		if (n && env_put(v) < 0)
			return -1;
	}
	return 0;
}

int envrules_list(struct buf *list, const char *env, const char *file)
{
	const char *name = getenv(env);

	list->max = CONTROL_MAX;
	return control_list(list, name && *name ? name : file);
}
