/* defaults.h: the variables a program starts with. */
#ifndef BASE_DEFAULTS_H
#define BASE_DEFAULTS_H

/* First thing in a program that submits mail or looks at the queue, before it reads
 * its environment: loads $HOME/.defaultqueue, then control/defaultqueue over it (not
 * when QUEUE_BASE is set). prog begins a message. 0; -1: something is wrong in the
 * administrator's directory, which was said. Nothing at all in a set-id process. */
int defaults_load(const char *prog);

#endif
