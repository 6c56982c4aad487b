/* world - what a bridge lives in, made up: a clock that stands still until it
 * is told to move, mail servers, a media plane, a disk that can fail. The
 * conference in it is the real one. */
#ifndef SCENARIO_WORLD_H
#define SCENARIO_WORLD_H

#include <glib.h>

#include "bridge/conference.h"

/* A mail that the bridge has posted. */
struct world_mail {
	gint64 id;
	char *name, *from, *recipient;
	GBytes *mail;
};

/* A session of the made-up media plane. */
struct world_session {
	guint32 member;
	char *did;
	struct keys keys;
	gboolean srtp, admitted, muted, deaf;
	guint8 level_id;
	guint volume; /* percent; 0: never set */
	struct config_sound sound;
	struct media_place place;
};

struct world {
	struct conference *conf; /* NULL: not started yet */
	struct conference_host host;
	char *directory;
	GKeyFile *config;
	gint64 now_ms, up_ms;
	guint mails_in;
	enum { POST_WORKS, POST_FAILS, POST_REFUSES, POST_HANGS } post;
	gboolean media_full;
	GQueue posted;	  /* struct world_mail, not yet expected */
	GQueue under_way; /* their ids, whose result is still to come */
	GPtrArray *sessions;
	GPtrArray *told; /* char *: "DID JSON", in-band messages */
};

struct world *world_create(void);
void world_destroy(struct world **wldp);

/* Reads the configuration anew: at the first start, as SIGHUP would later. */
void world_configure(struct world *wld);
/* As after kill -9: what was in memory is gone. */
void world_restart(struct world *wld);

/* Shows it to the conference as the mailbox would. id NULL: the next one.
 * Returns whether it was done. */
gboolean world_mail(struct world *wld, const char *id, GBytes *mail);
/* Tells how the posted mails fared. */
void world_settle(struct world *wld);
/* Seconds pass, one after the other. */
void world_pass(struct world *wld, guint seconds);

struct world_session *world_session(const struct world *wld, const char *did);
/* The store refuses every write, or does not any more. */
void world_break_store(struct world *wld, gboolean broken);
/* Reasons (char *) of the mails set aside, oldest first; each is a file too.
 * The caller unrefs. */
GPtrArray *world_set_aside(const struct world *wld);
/* "address state, ..." of a room's members, by arrival. Caller frees. */
char *world_members(const struct world *wld, const char *room);
/* Likewise of whom it calls. */
char *world_called(const struct world *wld, const char *room);

void world_mail_free(gpointer mail);

#endif
