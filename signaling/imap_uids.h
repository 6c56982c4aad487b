/* imap_uids - which mails of an IMAP folder are wanted, shown, done: the
 * bookkeeping behind a mailbox's position. Pure state: no connection.
 *
 * A UID names a mail only together with UIDVALIDITY (RFC 3501 2.3.1.1). The
 * position "UIDVALIDITY:UID" says that every mail below UID is out of the
 * way; it moves past a mail when the server has deleted it, so that a crash
 * in between shows a mail twice rather than leaving it behind. */
#ifndef SIGNALING_IMAP_UIDS_H
#define SIGNALING_IMAP_UIDS_H

#include <glib.h>

struct imap_uids;

/* position as imap_uids_position() gave it, or NULL. A position that cannot
 * be read counts as none. */
struct imap_uids *imap_uids_create(const char *position);
/* Accepts NULL; sets *uidsp to NULL. */
void imap_uids_destroy(struct imap_uids **uidsp);

/* The folder was opened. FALSE when it is not the one we knew: all is
 * forgotten, and mails below uidnext are to be looked for, given to
 * imap_uids_want(), and imap_uids_searched() said. */
gboolean imap_uids_select(struct imap_uids *uids, guint32 uidvalidity,
			  guint32 uidnext);
void imap_uids_want(struct imap_uids *uids, guint32 uid);
/* They all were; until then there is no position, and the next select asks
 * again. */
void imap_uids_searched(struct imap_uids *uids);

/* What UID FETCH asks for next: up to `max` wanted ones, or all that is new.
 * Caller frees. */
char *imap_uids_fetch_set(struct imap_uids *uids, guint max);
/* One came; TRUE: it is new to us and to be shown. */
gboolean imap_uids_came(struct imap_uids *uids, guint32 uid);
/* It is in the folder but deleted already: it counts as done. */
void imap_uids_deleted(struct imap_uids *uids, guint32 uid);
/* That FETCH is complete. TRUE: it was of wanted ones, so there is more. */
gboolean imap_uids_fetched(struct imap_uids *uids);

/* The owner is done with it. FALSE: it was not shown. */
gboolean imap_uids_done(struct imap_uids *uids, guint32 uidvalidity,
			guint32 uid);
/* Up to `max` done ones that the server is to delete; NULL: none. Caller
 * frees. */
char *imap_uids_delete_set(struct imap_uids *uids, guint max);
gboolean imap_uids_any_done(const struct imap_uids *uids);
/* The server has deleted that set. */
void imap_uids_expunged(struct imap_uids *uids);

/* The connection is gone: what was asked for is asked for again. */
void imap_uids_lost(struct imap_uids *uids);

guint32 imap_uids_validity(const struct imap_uids *uids);
/* NULL while it is unknown. Caller frees. */
char *imap_uids_position(const struct imap_uids *uids);

#endif
