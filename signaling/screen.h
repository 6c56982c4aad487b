/* screen - whether a mail that came into a room's mailbox may be answered.
 *
 * The rules of docs/ipsp.md, "The room's mailbox", that one parsed mail is
 * enough for: no loop can pass them. Looks only; keeps and sends nothing. */
#ifndef SIGNALING_SCREEN_H
#define SIGNALING_SCREEN_H

#include <glib.h>

#include "signaling/ipsp.h"
#include "signaling/message.h"

enum screen_verdict {
	SCREEN_ANSWER,	  /* or act on it: CANCEL and BYE are not answered */
	SCREEN_IGNORE,	  /* a machine's mail: deleted, nobody looks at it */
	SCREEN_SET_ASIDE, /* refused by a rule: counted, the reason logged */
};

enum screen_who {
	SCREEN_OPEN,	/* anyone */
	SCREEN_ALIGNED, /* message.aligned */
	SCREEN_LIST,	/* addresses and domains of `allowed` */
};

struct screen_policy {
	enum screen_who who;
	/* NULL-terminated, each may be NULL; any spelling of case and IDN. */
	const char *const *allowed;
	const char *const *own; /* our own addresses: every room's */
};

/* ipsp is the mail's decoded part, also one that failed with
 * IPSP_ERROR_VERSION; NULL when the mail has none. *reason_r (static) is a
 * sentence for the log, also for SCREEN_ANSWER. */
enum screen_verdict screen_mail(const struct message *msg,
				const struct ipsp_message *ipsp,
				const struct screen_policy *policy,
				const char **reason_r);

/* Whether the address is one of the list's, or its domain is; the list as
 * screen_policy.allowed. */
gboolean screen_is_listed(const char *address, const char *const *list);

/* Whether the mail is a bounce of a mail of ours, and of which dialog: it
 * came to bounce+DID@ and from a machine. It cancels that dialog. */
gboolean screen_bounce(const struct message *msg,
		       char did_r[IPSP_DID_LENGTH + 1]);

#endif
