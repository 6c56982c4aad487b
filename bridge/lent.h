/* lent - a PhoneGate that a caller lends to a room: a site of the cluster that
 * is not to know it (docs/operations.md, "Gates that callers offer").
 *
 * It runs the code of any site (site.h), but has neither the directory nor the
 * cluster's secret. The site where its lender sits, its host, stands in for it
 * (lent_host.h): it hands on what is wanted, and writes what it is told, as
 * far as that can be believed. Documents go both ways over the lender's own
 * session, in band (lent_link.h).
 *
 * Its secret opens what is sealed for it and keys its own trunk. Its name is
 * that of the lender's dialog and place, so none is ever served twice. */
#ifndef BRIDGE_LENT_H
#define BRIDGE_LENT_H

#include <glib.h>

#include "bridge/directory/seal.h"

#define LENT_SESSIONS 5 /* people that one serves; the paper's PhoneGate */

/* The key of the first document that a lent gate is given: its secret. */
#define LENT_SECRET_KEY "lent/secret"

/* Whether a site of this name is one. */
gboolean lent_is(const char *site);
/* Caller frees. */
char *lent_name(const char *did, guint k);
/* What is sealed for it, or what it seals; `cluster` is the cluster's own.
 * Caller destroys. */
struct seal *lent_seal(const struct seal *cluster, const char *site);

#endif
