/* seal - secrets in the directory: AES-256-GCM under HKDF-SHA256 of the
 * cluster's secret (info "IPSP seal"), so that who reads etcd or its backups
 * learns no key of a call.
 *
 * A seal is bound to its name, the key under which it stands: moved to
 * another key it does not open. The text is base64url of nonce (12 random
 * bytes), ciphertext, tag (16). */
#ifndef BRIDGE_DIRECTORY_SEAL_H
#define BRIDGE_DIRECTORY_SEAL_H

#include <glib.h>

#include "signaling/scoped.h"

struct seal;

/* secret: what cluster_secret holds, the same in all processes. Copied. */
struct seal *seal_create(const char *secret);
/* Wipes the key. Accepts NULL; sets *sealp to NULL. */
void seal_destroy(struct seal **sealp);
SCOPED_DESTROY(seal, seal_destroy)

/* The secret of a site that is not to know the cluster's: HKDF-SHA256 of this
 * seal's key, info "IPSP lent gate " and its name. It tells nothing of any
 * other. Caller wipes and frees. */
char *seal_lend(const struct seal *seal, const char *site);

/* Caller frees. */
char *seal_close(const struct seal *seal, const char *name, GBytes *secret);
/* NULL and error when it was made under another secret or name, or is no
 * seal at all. */
GBytes *seal_open(const struct seal *seal, const char *name, const char *text,
		  GError **error);

#endif
