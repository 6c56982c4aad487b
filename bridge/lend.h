/* lend - ipsp-phonegate --lend: the PhoneGate that a caller lends to a room
 * (lent.h), a program that his phone runs. It talks in lines, in-band messages
 * as the phone gets and sends them, on its standard input and output. */
#ifndef BRIDGE_LEND_H
#define BRIDGE_LEND_H

#include <glib.h>

/* Serves at this UDP address, until its input ends or the other side is
 * silent: then its people are sent to their standbys. Returns an exit code. */
int lend_run(const char *address, guint port);

#endif
