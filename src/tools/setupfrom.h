/* setupfrom.h: what other programs' configuration says, as words. */
#ifndef TOOLS_SETUPFROM_H
#define TOOLS_SETUPFROM_H

/* Sets the words of setupwords.h from the configuration of "ssmtp", "msmtp",
 * "nullmailer" or "dma", in that file or directory (0: where Debian has it); what the
 * command line said stays. What cannot be taken over is said on 2, a line each. 0; else
 * the exit code, and why was said: EXIT_PERM, also for a name that is none of these, or
 * EXIT_TEMP. */
int setup_import(const char *program, const char *path);

#endif
