/* program - what the daemons' main functions have in common. */
#ifndef BRIDGE_PROGRAM_H
#define BRIDGE_PROGRAM_H

#include <glib.h>

#define EXIT_USAGE  2
#define EXIT_CONFIG 78 /* sysexits.h EX_CONFIG: systemd need not try again */

/* One line for each message, to stderr or as it is to systemd's journal. And
 * what is written to a peer that has gone ends nothing. */
void program_begin(void);

/* Held back from the very start until somebody takes it: an operator's reload
 * right after the start must not end the program. */
void program_hold_hangup(gboolean held);

/* Writes each problem (char *) to stderr, and unrefs them. */
void program_complain(GPtrArray *problems);

#endif
