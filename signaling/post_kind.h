/* post_kind - what each kind of post gives to post.c, which chooses one by
 * the URL's scheme. Seen by post*.c only. */
#ifndef SIGNALING_POST_KIND_H
#define SIGNALING_POST_KIND_H

#include "signaling/post.h"

/* One mail on its way; strings are its own copies. */
struct post_mail {
	gint64 id;
	char *name, *envelope_from, *recipient;
	GBytes *mail;
};

struct post_mail *post_mail_new(gint64 id, const char *name,
				const char *envelope_from,
				const char *recipient, GBytes *mail);
void post_mail_free(struct post_mail *mail);

struct post_kind {
	/* cfg is valid during the call only. */
	struct post *(*create)(const struct post_config *cfg, GError **error);
	/* Takes half-built objects. */
	void (*destroy)(struct post *pst);
	/* Takes the mail; the addresses are fit to be said in SMTP. */
	void (*send)(struct post *pst, struct post_mail *mail);
};

extern const struct post_kind post_maildir;
extern const struct post_kind post_smtp;

/* The first member of every kind's struct; filled by post_create(). */
struct post {
	const struct post_kind *kind;
	const struct post_events *events;
	void *arg;
	GQueue *unfit; /* struct post_mail *: refused before any kind saw it */
	GSource *refuse;
};

/* For the kinds: tell the owner; frees the mail. Not from send(). */
void post_tell(struct post *pst, struct post_mail *mail,
	       enum post_result result, const char *why);

#endif
