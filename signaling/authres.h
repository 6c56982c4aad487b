/* authres - reads one Authentication-Results field (RFC 8601): what the
 * receiving mail server found out about the sender. */
#ifndef SIGNALING_AUTHRES_H
#define SIGNALING_AUTHRES_H

#include <glib.h>

enum authres {
	AUTHRES_FOREIGN,   /* of another authserv-id: says nothing to us */
	AUTHRES_UNALIGNED, /* of ours, and nothing in it speaks for From */
	AUTHRES_ALIGNED,
};

/* value is the field's raw body (folds and comments and all), from_domain
 * the From address's domain in lower-case A-labels. Aligned is: dkim=pass
 * with header.d (or header.i), or spf=pass with smtp.mailfrom, equal to
 * from_domain or one a subdomain of the other; or dmarc=pass with header.from
 * equal. A field that breaks the grammar anywhere counts for nothing. */
enum authres authres_read(const char *value, const char *authserv_id,
			  const char *from_domain);

#endif
