/* version.h: "--version" under every name. */
#ifndef VERSION_H
#define VERSION_H

/* 1 when the command line is exactly NAME --version. */
int version_asked(int argc, char **argv);
/* Writes "qmta VERSION (TLS: tls)" and a newline; the exit code. */
int version_show(const char *tls);

#endif
