/* setupfile.h: files of the control directory that are to say something: all of them, or
 * none. */
#ifndef TOOLS_SETUPFILE_H
#define TOOLS_SETUPFILE_H

/* When a file is right as it is. */
enum setup_rule {
	SETUP_SAYS = '=',	/* it is there and says this */
	SETUP_SECRET = '*',	/* the same; its owner alone reads it; it is never shown */
	/* Where no file is as good: */
	SETUP_NOTHING = '0',	/* it is missing, empty or 0; else it becomes empty */
	SETUP_LISTS = '+',	/* it is missing, or this is one of its lines */
	SETUP_NOT_QMQP = '!'	/* it does not name qmail-qmqpc; else it becomes empty */
};

/* One more file, with `text`, which stays the caller's, and a line end if it is not
 * empty; name may begin with defaultqueue/. Files are written in the order in which they were
 * added. text 0: there is nothing to be said, and no file. */
void setup_file(const char *name, int rule, const char *text);
/* Looks at all, then writes what is not right yet, and says so on 1, a line a file. dry
 * 1: only says it. A file with other words stands in the way unless force is 1. Exit
 * code: 0; EXIT_PERM such a file, and nothing was touched; EXIT_TEMP. */
int setup_write(int dry, int force);
/* The open control directory. Of two who write there at a time one waits: they write the same
 * files. Not for ever, as whoever may read the directory can lock it. 0 / -1 errno. */
int setup_lock(int fd);

#endif
