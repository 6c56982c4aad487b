/* What the sources of site share; see site.h.
 *
 *   site.c          the whole: what the workers tell, drain, figures
 *   site_watch.c    what the directory tells
 *   site_room.c     one room here: its hubs, and that wants become so
 *   site_trunks.c   the trunks of its hub
 *   site_session.c  one caller's place here
 *   site_status.c   what is written to the directory */
#ifndef BRIDGE_SITE_PRIVATE_H
#define BRIDGE_SITE_PRIVATE_H

#include "bridge/directory/seal.h"
#include "bridge/documents.h"
#include "bridge/lent_host.h"
#include "bridge/site.h"

struct site {
	char *name, *cluster_secret;
	char instance[23];
	gint64 since; /* Unix seconds */
	const struct site_events *events;
	void *arg;
	struct directory *dir;
	struct directory_watch *watch;
	struct directory_watch *own; /* of our own key */
	gboolean seen_own, doubled;
	struct seal *seal;
	struct stages *stages;
	GHashTable *rooms; /* address => struct site_room, owned */
	/* The workers' names for what is here; no owner. */
	GHashTable *sessions; /* number => struct site_session */
	GHashTable *hubs;     /* tag => struct site_hub */
	GHashTable *trunks;   /* tag => struct site_trunk */
	guint32 last_number;
	/* Keys that were in use here and must not be again: "DID.K", salts.
	 * Two generations, of which the older is forgotten each day. */
	GHashTable *spent, *spent_before;
	gint64 spent_since_us;
	guint run, every; /* sources: reconcile soon; each second */
	gboolean draining;
	/* The directory was away and has not told all of it yet. */
	gboolean catching_up;
};

/* A room's presence on one worker. */
struct site_hub {
	struct site_room *room;
	guint32 tag;
	struct stage *stage;
	struct hub_report report;
	struct trunk *ring; /* to the first hub; NULL: it is that */
};

/* A trunk to another site. */
struct site_trunk {
	struct site_room *room;
	guint32 tag;
	char id[64];
	enum document_trunk_role role;
	guint8 salt[DOCUMENTS_SALT];
	guint protocol;
	struct trunk *trunk; /* the worker's */
	gboolean told;	     /* there is a report */
	struct trunk_report report;
};

struct site_room {
	struct site *site;
	char *address;
	gboolean dirty;			/* to be reconciled */
	struct document_want_hub *want; /* NULL: none */
	gint64 linger_us;     /* unwanted since; 0: wanted, or at once */
	GPtrArray *hubs;      /* struct site_hub; the first has the trunks */
	GPtrArray *trunks;    /* struct site_trunk */
	GHashTable *sessions; /* "DID.K" => struct site_session, owned */
	gboolean root, vice;  /* as the hub was told last */
	gboolean cut_off;     /* its people are to go to their alternates */
	/* Something that is wanted could not be had, and that was said. It is
	 * tried again, and said again only when something else is wanted. */
	gboolean refused;
	gboolean published;
};

struct site_session {
	struct site_room *room;
	guint32 number; /* the worker's name for it */
	char did[64];
	guint k;
	struct document_want_session *want; /* the latest; NULL: never any */
	gboolean wanted;
	gint64 linger_us;	/* unwanted since; 0: wanted, or at once */
	struct leg *leg;	/* NULL: not open, or gone */
	struct lent_host *lent; /* NULL: he lends none, or is not here */
	gboolean muted;		/* as the worker was told last */
	guint volume;
	struct document_alternate told; /* k 0: none yet; 0 is none's */
	gboolean redirected;
	gboolean refused; /* cannot be opened, and that was said */
	gboolean crowded; /* there was no gate for it when it was tried */
	gboolean published;
	guint32 said;	    /* the last that he was told of want->says */
	gint64 figures_us;  /* when they were written last */
	gint64 hears_us;    /* when what he said was */
	gboolean unwritten; /* he has said something since */
	struct document_status_session status;
};

/* site.c */
guint32 site_number(struct site *site);
/* Keys are used once: what has been spent is refused from then on. */
gboolean site_is_spent(const struct site *site, const char *what);
void site_spend(struct site *site, const char *what);
/* Reconciles soon what is dirty. */
void site_run_soon(struct site *site);

/* site_watch.c */
void site_watch_begin(struct site *site);
void site_watch_end(struct site *site);

/* site_room.c */
struct site_room *site_room_create(struct site *site, const char *address);
void site_room_destroy(struct site_room *room);
/* Takes want; NULL: it is no longer there. */
void site_room_want(struct site_room *room, struct document_want_hub *want);
/* The hub where sessions of this worker are, opened if need be. */
struct site_hub *site_room_hub(struct site_room *room, guint worker);
/* FALSE: nothing is left of it, it may be destroyed. */
gboolean site_room_reconcile(struct site_room *room, gint64 now_us);
void site_room_hub_told(struct site_hub *hub, const struct hub_report *rep);

/* site_trunks.c */
void site_trunks_reconcile(struct site_room *room);
void site_trunks_close(struct site_room *room);
/* Whether another hub hears through this one. */
gboolean site_trunks_carry(const struct site_room *room);

/* site_session.c */
struct site_session *site_session_create(struct site_room *room,
					 const char *did, guint k);
void site_session_destroy(struct site_session *ses);
/* Takes want; NULL: it is no longer there. */
void site_session_want(struct site_session *ses,
		       struct document_want_session *want);
/* FALSE: nothing is left of it. */
gboolean site_session_reconcile(struct site_session *ses, gint64 now_us);
void site_session_registered(struct site_session *ses, const char *path);
void site_session_gone(struct site_session *ses, enum document_gone gone);
void site_session_message(struct site_session *ses, const char *json,
			  gsize size);
void site_session_report(struct site_session *ses,
			 const struct session_report *rep);

/* site_status.c */
void site_status_site(struct site *site);
void site_status_hub(struct site_room *room);
void site_status_session(struct site_session *ses);
/* What was written is taken back. */
void site_status_no_hub(struct site_room *room);
void site_status_no_session(struct site_session *ses);

#endif
