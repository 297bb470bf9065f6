/* near.h: what every session of a server writes lies together. The kernel gives each
 * process its own copy of a page when it writes the first byte of it: twenty variables in
 * twenty pages of 4 KB are 80 KB of each of fifty sessions, to hold 3.
 * The linker's script src/near.ld has them in the order of ranks, so that tables of which
 * a session writes the first bytes only do not part what is written whole:
 *   0 single values   1 short tables   2 the session itself
 * Where the script is not in use, this changes nothing. */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#define NEAR(rank) __attribute__((section(".bss.near." #rank)))
/* For one that is not 0 from the start. */
#define NEAR_SET __attribute__((section(".data.near")))

#endif
