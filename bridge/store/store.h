/* store - what must survive kill -9: dialogs, mails to post, mails dealt
 * with, mails set aside, mailbox positions, tools' tokens, moderators' log-ins,
 * the audit trail.
 * The one place that sees SQL.
 *
 * SQLite in WAL mode, synchronous=FULL: what was committed is on the disk.
 * Control thread only; another process (`ipsp-bridge token`) may have the same
 * file open. A failing store (disk full) is an error of the one
 * call; nothing of an open transaction is kept then. What conflicts with what
 * is stored is G_IO_ERROR_EXISTS: trying again does not help. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <glib.h>

#include "bridge/room/audit.h"
#include "bridge/room/recording.h"
#include "bridge/room/door.h"
#include "signaling/scoped.h"

struct store;

#define STORE_DIGEST_SIZE 32

/* Makes path or brings it to this version's schema. A file of a newer
 * version is refused. */
struct store *store_open(const char *path, GError **error);
/* Accepts NULL. */
void store_close(struct store **stop);

/* Several changes that happen together or not at all. Begin and commit may
 * fail; a failed commit has rolled back. */
gboolean store_begin(struct store *sto, GError **error);
gboolean store_commit(struct store *sto, GError **error);
void store_rollback(struct store *sto);

/* Mails dealt with. digest is SHA-256 of the mail: an id that a server gave
 * to another mail later does not hide that mail. sender is "address
 * message-id" of a person's mail, NULL for others. */
struct store_mail {
	const char *account, *id;
	guint8 digest[STORE_DIGEST_SIZE];
	const char *sender;
};
gboolean store_mail_known(struct store *sto, const struct store_mail *mail);
gboolean store_sender_known(struct store *sto, const char *sender);
gboolean store_add_mail(struct store *sto, const struct store_mail *mail,
			gint64 now, GError **error);

enum store_dialog_state {
	STORE_DIALOG_ANSWERED, /* OK was given, nobody registered yet */
	STORE_DIALOG_HERE,
	STORE_DIALOG_ENDED, /* or was answered BUSY or REJECT */
};

/* A dialog and the answer that it got. A dialog that was loaded owns what it
 * points to: store_dialog_free(). */
struct store_dialog {
	char *did;
	char *account, *room;
	char *address, *name, *device; /* name may be NULL */
	GBytes *invite, *answer;       /* JSON parts, the exact bytes */
	GBytes *private_key;	       /* only while ANSWERED, then wiped */
	guint worker;
	char *gate; /* may be NULL */
	enum store_dialog_state state;
	gint64 deadline; /* Unix seconds: registration must have come */
	gint64 post;	 /* the answer's id in the outbox */
};
void store_dialog_free(struct store_dialog *dialog);
SCOPED_FREE(store_dialog, store_dialog_free)

/* NULL: there is none. */
struct store_dialog *store_dialog(struct store *sto, const char *did);
/* struct store_dialog *, all of that state, oldest first. */
GPtrArray *store_dialogs(struct store *sto, enum store_dialog_state state);
gboolean store_add_dialog(struct store *sto, const struct store_dialog *dialog,
			  gint64 now, GError **error);
/* Somebody registered. The private key is wiped: keys are forward secret. */
gboolean store_dialog_here(struct store *sto, const char *did, GError **error);
/* It is over: the key is wiped, an answer that still waits is dropped. */
gboolean store_end_dialog(struct store *sto, const char *did, const char *why,
			  GError **error);

/* Mails to post. */
struct store_post {
	gint64 id;
	char *account;
	char *name; /* stable and unique: the file name of a Maildir drop */
	char *envelope_from, *recipient;
	GBytes *mail;
	char *did;	/* may be NULL */
	gint64 expires; /* Unix seconds; useless from then on. 0: never */
	guint attempts;
};
void store_post_free(struct store_post *post);

/* Sets post->id. */
gboolean store_add_post(struct store *sto, struct store_post *post, gint64 now,
			GError **error);
/* char *: the accounts that have pending mails due at now_ms. */
GPtrArray *store_due_accounts(struct store *sto, gint64 now_ms);
/* struct store_post *: those of an account, oldest first, at most `limit`. */
GPtrArray *store_due_posts(struct store *sto, const char *account,
			   gint64 now_ms, guint limit);
/* Those of an account that are not posted yet. */
guint store_waiting_posts(struct store *sto, const char *account);
gboolean store_post_sent(struct store *sto, gint64 id, GError **error);
gboolean store_post_failed(struct store *sto, gint64 id, gint64 next_ms,
			   const char *why, GError **error);
gboolean store_post_dropped(struct store *sto, gint64 id, const char *why,
			    GError **error);
/* The same bytes once more (a repeated INVITE). */
gboolean store_post_again(struct store *sto, gint64 id, GError **error);

/* A mail that was not answered; file is its name in the set-aside folder. */
gboolean store_set_aside(struct store *sto, const char *account,
			 const char *file, const char *reason, gint64 now,
			 GError **error);
/* char *: files set aside before `before`, or long before the newest, whose
 * rows are forgotten. */
GPtrArray *store_forget_set_aside(struct store *sto, gint64 before);

/* NULL: unknown. Caller frees. */
char *store_position(struct store *sto, const char *account);
gboolean store_set_position(struct store *sto, const char *account,
			    const char *position, GError **error);

/* What the bearer of a token may do in its room. Of the token itself only the
 * digest is kept: who reads the file cannot join. */
enum store_role {
	STORE_ROLE_LISTENER,
	STORE_ROLE_MEMBER,
	STORE_ROLE_MODERATOR,
	STORE_ROLE_PANEL, /* joins nothing: acts as a moderator's panel does */
};

/* A token that was loaded owns what it points to: store_token_free(). */
struct store_token {
	guint8 digest[STORE_DIGEST_SIZE]; /* SHA-256 of the token's text */
	char *room;
	enum store_role role;
	char *name;	/* of the tool, for people; NULL: none */
	char *address;	/* of the person it was mailed to; NULL: a tool's */
	gint64 uses;	/* left; < 0: as often as one likes */
	gint64 expires; /* Unix seconds */
};
void store_token_free(struct store_token *token);
SCOPED_FREE(store_token, store_token_free)

gboolean store_add_token(struct store *sto, const struct store_token *token,
			 gint64 now, GError **error);
/* NULL: there is none. It may be used up or expired. */
struct store_token *store_token(struct store *sto,
				const guint8 digest[STORE_DIGEST_SIZE]);
/* struct store_token *, which it frees: of that room, all that are good after
 * now, in the order in which they were made. */
GPtrArray *store_tokens(struct store *sto, const char *room, gint64 now);
/* Takes one of its uses, where they are counted. */
gboolean store_use_token(struct store *sto, const struct store_token *token,
			 GError **error);

/* It is used up. */
gboolean store_void_token(struct store *sto,
			  const guint8 digest[STORE_DIGEST_SIZE],
			  GError **error);

/* The audit trail. Sets row->id. */
gboolean store_add_audit(struct store *sto, struct audit_row *row,
			 GError **error);
/* struct audit_row *, which it frees: of a room, those before the row
 * `before`, newest first, at most `limit`. */
GPtrArray *store_audit(struct store *sto, const char *room, gint64 before,
		       guint limit);

/* Who is logged in to the panel. digest is that of the cookie's secret: who
 * reads the file cannot log in. A session that was loaded owns what it points
 * to. */
struct store_session {
	char *digest, *address;
	gint64 expires; /* Unix seconds */
};
gboolean store_add_session(struct store *sto, const struct store_session *ses,
			   GError **error);
gboolean store_end_session(struct store *sto, const char *digest,
			   GError **error);
/* struct store_session *: those that go on after now. */
GPtrArray *store_sessions(struct store *sto, gint64 now);

/* The catalogue of recordings. Saving one that is there replaces it. */
gboolean store_save_recording(struct store *sto, const struct recording *row,
			      GError **error);
gboolean store_delete_recording(struct store *sto, const char *id,
				GError **error);
/* Caller frees; NULL: there is none. */
struct recording *store_recording(struct store *sto, const char *id);
/* struct recording *, which it frees: of that room, or of all (NULL), newest
 * first. */
GPtrArray *store_recordings(struct store *sto, const char *room);

/* What the moderators of a room have made of its door; one never set is as a
 * new one. The caller destroys. */
struct door *store_door(struct store *sto, const char *room);
/* In one transaction. */
gboolean store_set_door(struct store *sto, const char *room,
			const struct door *door, GError **error);

/* Another bridge has had the account: what is here of its dialogs and mails to
 * post is not the newest. Mails dealt with stay known. */
gboolean store_forget_account(struct store *sto, const char *account,
			      GError **error);

/* Forgets dialogs, sent mails, mails dealt with, expired tokens and sessions
 * of before `before`. */
gboolean store_forget(struct store *sto, gint64 before, GError **error);

#endif
