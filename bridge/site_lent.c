/* A PhoneGate that a caller here lends: this site stands in for it. See lent.h
 * and site_private.h.
 *
 * It is known in the directory once it was reached: until then it has a room
 * of its own to serve (lent_trial.h). What it says is believed as far as its
 * people are concerned, and no farther. */
#include <string.h>

#include "bridge/candidates.h"
#include "bridge/lent.h"
#include "bridge/lent_link.h"
#include "bridge/lent_trial.h"
#include "bridge/site_private.h"

#define RUN_EVERY_MS  100
#define FIRST_WORD_MS 10000 /* the phone has a program to start */
#define MAX_DOCUMENTS 32    /* that stand in the directory for it */

enum lent_state { LENT_EXPECTED, LENT_TRIED, LENT_SERVING, LENT_OVER };

struct site_lent {
	struct site_session *ses; /* the lender's */
	enum lent_state state;
	char *name;
	struct document_offer offer;
	struct lent_link *link;
	struct directory_watch *watch; /* what is wanted of it */
	guint timer;
	gint64 since_ms;
	struct document_site told; /* as it said last */
	gboolean has_told;
	struct lent_trial *trial; /* NULL: before and after it */
	struct ipsp_gate reached;
	GHashTable *leased; /* keys that stand in the directory for it */
};

static gint64 now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

static struct site *site_of(const struct site_lent *lent)
{
	return lent->ses->room->site;
}

/* The directory. */

static void lease(struct site_lent *lent, const struct document_name *name,
		  gconstpointer doc)
{
	struct directory *dir = site_of(lent)->dir;
	g_autofree char *key = document_key(name);
	g_autofree char *text = doc ? document_write(name->kind, doc) : NULL;

	if (!doc) {
		if (g_hash_table_remove(lent->leased, key))
			directory_lease(dir, key, NULL);
		return;
	}
	if (!g_hash_table_contains(lent->leased, key) &&
	    g_hash_table_size(lent->leased) == MAX_DOCUMENTS)
		return;
	g_hash_table_add(lent->leased, g_strdup(key));
	directory_lease(dir, key, text);
}

static void lease_none(struct site_lent *lent)
{
	GHashTableIter iter;
	const char *key;

	g_hash_table_iter_init(&iter, lent->leased);
	while (g_hash_table_iter_next(&iter, (void **)&key, NULL)) {
		directory_lease(site_of(lent)->dir, key, NULL);
		g_hash_table_iter_remove(&iter);
	}
}

/* It counts no longer, until its lender comes again. */
static void end(struct site_lent *lent, const char *why)
{
	if (lent->state == LENT_OVER)
		return;
	g_message("site: room=%s the PhoneGate lent by did=%s is not used%s: "
		  "%s",
		  lent->ses->room->address, lent->ses->did,
		  lent->state == LENT_SERVING ? " any more" : "", why);
	lent->state = LENT_OVER;
	lent_trial_destroy(&lent->trial);
	directory_unwatch(&lent->watch);
	lease_none(lent);
}

static void name_site(const struct site_lent *lent,
		      struct document_name *name_r)
{
	*name_r = (struct document_name){ .kind = DOCUMENT_SITE };
	g_strlcpy(name_r->site, lent->name, sizeof(name_r->site));
}

/* As others are to see it: what it says of itself counts for its load only. */
static void publish(struct site_lent *lent)
{
	const struct document_site *told = &lent->told;
	struct document_worker worker = {
		.n_candidates = lent->reached.n_candidates,
		.open = TRUE,
	};
	struct document_site doc = {
		.net = DOCUMENT_NET_PRIVATE,
		.n_workers = 1,
		.workers = &worker,
		.gates = 1,
		.sessions_per_gate = LENT_SESSIONS,
		.used = MIN(told->used, LENT_SESSIONS),
		.draining = told->draining,
		.since = told->since,
		.protocol_min = told->protocol_min,
		.protocol_max = told->protocol_max,
		.has_lent = TRUE,
	};
	struct document_name name;

	for (guint i = 0; i < worker.n_candidates; i++) {
		struct sockaddr_storage address;

		worker.candidates[i] = lent->reached.candidates[i];
		if (candidates_parse(worker.candidates[i].address, 0,
				     &address) &&
		    !candidates_is_private(&address))
			doc.net = DOCUMENT_NET_GLOBAL;
	}
	if (told->n_workers) {
		worker.sessions = MIN(told->workers[0].sessions, LENT_SESSIONS);
		worker.stress = told->workers[0].stress;
		worker.open = told->workers[0].open;
	}
	g_strlcpy(doc.site, lent->name, sizeof(doc.site));
	g_strlcpy(doc.instance, told->instance, sizeof(doc.instance));
	g_strlcpy(doc.release, told->release, sizeof(doc.release));
	g_snprintf(doc.host, sizeof(doc.host), "offered by %.200s",
		   lent->offer.lender);
	g_strlcpy(doc.lent.room, lent->ses->room->address,
		  sizeof(doc.lent.room));
	g_strlcpy(doc.lent.lender, lent->offer.lender, sizeof(doc.lent.lender));
	name_site(lent, &name);
	lease(lent, &name, &doc);
}

/* What is wanted of it goes to it as it stands. */

static void want_changed(const char *key, const char *value, void *arg)
{
	struct site_lent *lent = arg;

	lent_link_put(lent->link, key, value, now_ms());
}

static const struct directory_watch_events want_events = {
	.changed = want_changed,
};

static void serve(struct site_lent *lent)
{
	g_autofree char *wants = document_prefix(DOCUMENT_WANT_HUB, lent->name);

	g_message("site: room=%s uses the PhoneGate lent by did=%s, %s:%u",
		  lent->ses->room->address, lent->ses->did,
		  lent->reached.candidates[0].address,
		  lent->reached.candidates[0].port);
	lent->state = LENT_SERVING;
	lent->watch =
		directory_watch(site_of(lent)->dir, wants, &want_events, lent);
	publish(lent);
}

/* The trial. */

static void trial_want(const char *key, const char *text, void *arg)
{
	struct site_lent *lent = arg;

	lent_link_put(lent->link, key, text, now_ms());
}

static void trial_done(const struct ipsp_gate *reached, void *arg)
{
	struct site_lent *lent = arg;

	lent->reached = *reached;
	lent_trial_destroy(&lent->trial);
	if (lent->reached.n_candidates)
		serve(lent);
	else
		end(lent, "no address of it answers from here");
}

static const struct lent_trial_events trial_events = {
	.want = trial_want,
	.done = trial_done,
};

static void try_out(struct site_lent *lent)
{
	lent->state = LENT_TRIED;
	lent->trial = lent_trial_create(lent->name, lent->told.instance,
					&lent->offer.gate, site_of(lent)->seal,
					&trial_events, lent);
}

/* What it says. */

/* Takes what is in it. */
static void take_site(struct site_lent *lent, struct document_site *doc)
{
	/* A new run of it is a new gate, and its lender's to offer. */
	if (lent->has_told && strcmp(lent->told.instance, doc->instance) != 0) {
		document_clear(DOCUMENT_SITE, doc);
		end(lent, "it was started anew");
		return;
	}
	if (lent->has_told)
		document_clear(DOCUMENT_SITE, &lent->told);
	lent->told = *doc;
	lent->has_told = TRUE;
	if (lent->state == LENT_EXPECTED)
		try_out(lent);
	else if (lent->state == LENT_SERVING)
		publish(lent);
}

static gboolean read_document(const struct document_name *name,
			      const char *value, gpointer doc_r)
{
	g_autoptr(GError) error = NULL;

	if (document_read(name->kind, doc_r, value, strlen(value), &error))
		return TRUE;
	g_debug("site: a lent PhoneGate says what is not understood. %s",
		error->message);
	return FALSE;
}

static void take_status(struct site_lent *lent,
			const struct document_name *name, const char *value)
{
	union {
		struct document_status_hub hub;
		struct document_status_session session;
	} doc;

	if (lent->state != LENT_SERVING ||
	    strcmp(name->room, lent->ses->room->address) != 0)
		return;
	if (!value) {
		lease(lent, name, NULL);
	} else if (read_document(name, value, &doc)) {
		lease(lent, name, &doc);
		document_clear(name->kind, &doc);
	}
}

static void link_put(const char *key, const char *value, void *arg)
{
	struct site_lent *lent = arg;
	struct document_name name;
	struct document_site doc;

	if (lent->state == LENT_OVER || !document_name(&name, key) ||
	    strcmp(name.site, lent->name) != 0)
		return;
	switch (name.kind) {
	case DOCUMENT_SITE:
		if (value && read_document(&name, value, &doc))
			take_site(lent, &doc);
		break;
	case DOCUMENT_STATUS_HUB:
	case DOCUMENT_STATUS_SESSION:
		if (strcmp(name.room, LENT_TRIAL_ROOM) != 0)
			take_status(lent, &name, value);
		else if (value && lent->trial)
			lent_trial_told(lent->trial, &name);
		break;
	default:
		break;
	}
}

static void link_send(const char *json, void *arg)
{
	struct site_lent *lent = arg;

	if (lent->ses->leg)
		leg_tell(lent->ses->leg, json);
}

static const struct lent_link_events link_events = {
	.send = link_send,
	.put = link_put,
};

static gboolean run(gpointer data)
{
	struct site_lent *lent = data;
	const gint64 now = now_ms(), heard = lent_link_heard_ms(lent->link);

	if (lent->state == LENT_OVER)
		return G_SOURCE_CONTINUE;
	if (heard ? now - heard > LENT_LINK_SILENT_MS
		  : now - lent->since_ms > FIRST_WORD_MS)
		end(lent, heard ? "it is silent" : "it has not been heard of");
	else
		lent_link_run(lent->link, now);
	return G_SOURCE_CONTINUE;
}

static void put_secret(struct site_lent *lent)
{
	char *secret = seal_lend(site_of(lent)->seal, lent->name);

	lent_link_put(lent->link, LENT_SECRET_KEY, secret, now_ms());
	explicit_bzero(secret, strlen(secret));
	g_free(secret);
}

struct site_lent *site_lent_create(struct site_session *ses)
{
	struct site_lent *lent = g_new0(struct site_lent, 1);

	lent->ses = ses;
	lent->name = lent_name(ses->did, ses->k);
	lent->offer = ses->want->offer;
	lent->since_ms = now_ms();
	lent->leased =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	lent->link = lent_link_create(lent->name, &link_events, lent);
	put_secret(lent);
	lent->timer = g_timeout_add(RUN_EVERY_MS, run, lent);
	return lent;
}

void site_lent_destroy(struct site_lent **lentp)
{
	struct site_lent *lent = *lentp;

	*lentp = NULL;
	if (!lent)
		return;
	end(lent, "its lender is not here any more");
	g_clear_handle_id(&lent->timer, g_source_remove);
	lent_link_destroy(&lent->link);
	if (lent->has_told)
		document_clear(DOCUMENT_SITE, &lent->told);
	g_hash_table_unref(lent->leased);
	g_free(lent->name);
	g_free(lent);
}

gboolean site_lent_message(struct site_lent *lent, const char *json, gsize size)
{
	return lent_link_message(lent->link, json, size, now_ms());
}
