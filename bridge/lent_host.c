#include "bridge/lent_host.h"

#include <string.h>

#include "bridge/candidates.h"
#include "bridge/lent.h"
#include "bridge/lent_link.h"
#include "bridge/lent_trial.h"

#define RUN_EVERY_MS  100
#define FIRST_WORD_MS 10000 /* the phone has a program to start */

enum lent_state { LENT_EXPECTED, LENT_TRIED, LENT_SERVING, LENT_OVER };

struct lent_host {
	struct directory *dir;
	const struct seal *seal;
	const struct lent_host_events *events;
	void *arg;
	char *room, *did; /* its lender's */
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

/* The directory. */

static void lease(struct lent_host *host, const struct document_name *name,
		  gconstpointer doc)
{
	g_autofree char *key = document_key(name);
	g_autofree char *text = doc ? document_write(name->kind, doc) : NULL;

	if (!doc) {
		if (g_hash_table_remove(host->leased, key))
			directory_lease(host->dir, key, NULL);
		return;
	}
	if (!g_hash_table_contains(host->leased, key) &&
	    g_hash_table_size(host->leased) == LENT_HOST_MAX_DOCUMENTS)
		return;
	g_hash_table_add(host->leased, g_strdup(key));
	directory_lease(host->dir, key, text);
}

static void lease_none(struct lent_host *host)
{
	GHashTableIter iter;
	const char *key;

	g_hash_table_iter_init(&iter, host->leased);
	while (g_hash_table_iter_next(&iter, (void **)&key, NULL)) {
		directory_lease(host->dir, key, NULL);
		g_hash_table_iter_remove(&iter);
	}
}

/* It counts no longer, until its lender comes again. */
static void end(struct lent_host *host, const char *why)
{
	if (host->state == LENT_OVER)
		return;
	g_message("site: room=%s the PhoneGate lent by did=%s is not used%s: "
		  "%s",
		  host->room, host->did,
		  host->state == LENT_SERVING ? " any more" : "", why);
	host->state = LENT_OVER;
	lent_trial_destroy(&host->trial);
	directory_unwatch(&host->watch);
	lease_none(host);
	g_clear_handle_id(&host->timer, g_source_remove);
}

static void name_site(const struct lent_host *host,
		      struct document_name *name_r)
{
	*name_r = (struct document_name){ .kind = DOCUMENT_SITE };
	g_strlcpy(name_r->site, host->name, sizeof(name_r->site));
}

/* As others are to see it: what it says of itself counts for its load only. */
static void publish(struct lent_host *host)
{
	const struct document_site *told = &host->told;
	struct document_worker worker = {
		.n_candidates = host->reached.n_candidates,
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

		worker.candidates[i] = host->reached.candidates[i];
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
	g_strlcpy(doc.site, host->name, sizeof(doc.site));
	g_strlcpy(doc.instance, told->instance, sizeof(doc.instance));
	g_strlcpy(doc.release, told->release, sizeof(doc.release));
	g_snprintf(doc.host, sizeof(doc.host), "offered by %.200s",
		   host->offer.lender);
	g_strlcpy(doc.lent.room, host->room, sizeof(doc.lent.room));
	g_strlcpy(doc.lent.lender, host->offer.lender, sizeof(doc.lent.lender));
	name_site(host, &name);
	lease(host, &name, &doc);
}

/* What is wanted of it goes to it as it stands. */

static void want_changed(const char *key, const char *value, void *arg)
{
	struct lent_host *host = arg;

	lent_link_put(host->link, key, value, now_ms());
}

static const struct directory_watch_events want_events = {
	.changed = want_changed,
};

static void serve(struct lent_host *host)
{
	g_autofree char *wants = document_prefix(DOCUMENT_WANT_HUB, host->name);

	g_message("site: room=%s uses the PhoneGate lent by did=%s, %s:%u",
		  host->room, host->did, host->reached.candidates[0].address,
		  host->reached.candidates[0].port);
	host->state = LENT_SERVING;
	host->watch = directory_watch(host->dir, wants, &want_events, host);
	publish(host);
}

/* The trial. */

static void trial_want(const char *key, const char *text, void *arg)
{
	struct lent_host *host = arg;

	lent_link_put(host->link, key, text, now_ms());
}

static void trial_done(const struct ipsp_gate *reached, void *arg)
{
	struct lent_host *host = arg;

	host->reached = *reached;
	lent_trial_destroy(&host->trial);
	if (host->reached.n_candidates)
		serve(host);
	else
		end(host, "no address of it answers from here");
}

static const struct lent_trial_events trial_events = {
	.want = trial_want,
	.done = trial_done,
};

static void try_out(struct lent_host *host)
{
	host->state = LENT_TRIED;
	host->trial = lent_trial_create(host->name, host->told.instance,
					&host->offer.gate, host->seal,
					&trial_events, host);
}

/* What it says. */

/* Takes what is in it. */
static void take_site(struct lent_host *host, struct document_site *doc)
{
	/* A new run of it is a new gate, and its lender's to offer. */
	if (host->has_told && strcmp(host->told.instance, doc->instance) != 0) {
		document_clear(DOCUMENT_SITE, doc);
		end(host, "it was started anew");
		return;
	}
	if (host->has_told)
		document_clear(DOCUMENT_SITE, &host->told);
	host->told = *doc;
	host->has_told = TRUE;
	if (host->state == LENT_EXPECTED)
		try_out(host);
	else if (host->state == LENT_SERVING)
		publish(host);
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

static void take_status(struct lent_host *host,
			const struct document_name *name, const char *value)
{
	union {
		struct document_status_hub hub;
		struct document_status_session session;
	} doc;

	if (host->state != LENT_SERVING || strcmp(name->room, host->room) != 0)
		return;
	if (!value) {
		lease(host, name, NULL);
	} else if (read_document(name, value, &doc)) {
		lease(host, name, &doc);
		document_clear(name->kind, &doc);
	}
}

static void link_put(const char *key, const char *value, void *arg)
{
	struct lent_host *host = arg;
	struct document_name name;
	struct document_site doc;

	if (host->state == LENT_OVER || !document_name(&name, key) ||
	    strcmp(name.site, host->name) != 0)
		return;
	switch (name.kind) {
	case DOCUMENT_SITE:
		if (value && read_document(&name, value, &doc))
			take_site(host, &doc);
		break;
	case DOCUMENT_STATUS_HUB:
	case DOCUMENT_STATUS_SESSION:
		if (strcmp(name.room, LENT_TRIAL_ROOM) != 0)
			take_status(host, &name, value);
		else if (value && host->trial)
			lent_trial_told(host->trial, &name);
		break;
	default:
		break;
	}
}

static void link_send(const char *json, void *arg)
{
	struct lent_host *host = arg;

	host->events->send(json, host->arg);
}

static const struct lent_link_events link_events = {
	.send = link_send,
	.put = link_put,
};

static gboolean run(gpointer data)
{
	struct lent_host *host = data;
	const gint64 now = now_ms(), heard = lent_link_heard_ms(host->link);

	if (heard ? now - heard > LENT_LINK_SILENT_MS
		  : now - host->since_ms > FIRST_WORD_MS)
		end(host, heard ? "it is silent" : "it has not been heard of");
	else
		lent_link_run(host->link, now);
	return G_SOURCE_CONTINUE;
}

static void put_secret(struct lent_host *host)
{
	char *secret = seal_lend(host->seal, host->name);

	lent_link_put(host->link, LENT_SECRET_KEY, secret, now_ms());
	explicit_bzero(secret, strlen(secret));
	g_free(secret);
}

struct lent_host *lent_host_create(const struct lent_host_config *cfg,
				   const struct lent_host_events *events,
				   void *arg)
{
	struct lent_host *host = g_new0(struct lent_host, 1);

	host->dir = cfg->dir;
	host->seal = cfg->seal;
	host->events = events;
	host->arg = arg;
	host->room = g_strdup(cfg->room);
	host->did = g_strdup(cfg->did);
	host->name = lent_name(cfg->did, cfg->k);
	host->offer = *cfg->offer;
	host->since_ms = now_ms();
	host->leased =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	host->link = lent_link_create(host->name, &link_events, host);
	put_secret(host);
	host->timer = g_timeout_add(RUN_EVERY_MS, run, host);
	return host;
}

void lent_host_destroy(struct lent_host **hostp)
{
	struct lent_host *host = *hostp;

	*hostp = NULL;
	if (!host)
		return;
	end(host, "its lender is not here any more");
	lent_link_destroy(&host->link);
	if (host->has_told)
		document_clear(DOCUMENT_SITE, &host->told);
	g_hash_table_unref(host->leased);
	g_free(host->name);
	g_free(host->did);
	g_free(host->room);
	g_free(host);
}

gboolean lent_host_message(struct lent_host *host, const char *json, gsize size)
{
	return lent_link_message(host->link, json, size, now_ms());
}
