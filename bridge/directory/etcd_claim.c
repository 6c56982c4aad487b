/* Claims. A key that its holder has created under his lease, and nobody else:
 * a transaction creates it if it is not there. It is followed, so that who
 * waits tries at once when it goes, and who holds it learns when it was taken
 * by force.
 *
 * A claim that was let go stays in etcd->claims until etcd has removed the
 * key, or the lease has: else it would outlive us under our living lease. */
#include "bridge/directory/etcd_private.h"

#include <gio/gio.h>
#include <string.h>

#define CALL_MS	 2000
#define RETRY_MS 1000 /* after a refusal */

struct etcd_claim {
	struct directory_claim base;
	struct etcd_follow *follow;
	struct etcd_call *call;
	GSource *retry;
	gboolean held;	   /* told */
	gint64 fence;	   /* the key is ours, created then; 0: it is not */
	gboolean asked;	   /* to create it, and the answer did not come */
	gboolean taken;	   /* somebody else has it */
	gboolean there;	   /* by what the follow told last */
	gint64 seen;	   /* revision of what we know of the key */
	char *written;	   /* our value there; NULL: another */
	char *refusal;	   /* that was logged last */
	gboolean removing; /* what the call under way is for */
	gboolean dropped;
};

static void step(struct etcd_claim *claim);

static struct etcd *etcd_of(const struct etcd_claim *claim)
{
	return (struct etcd *)claim->base.dir;
}

static void *acquire(const void *object, void *unused)
{
	(void)unused;
	return g_rc_box_acquire((void *)object);
}

/* Callbacks may end any of them: the copy holds references. */
static GPtrArray *all_claims(struct etcd *etcd)
{
	return g_ptr_array_copy(etcd->claims, acquire, NULL);
}

static void forget(void *data)
{
	struct etcd_claim *claim = data;

	etcd_follow_destroy(&claim->follow);
	etcd_call_destroy(&claim->call);
	directory_stop(&claim->retry);
	g_free(claim->base.key);
	g_free(claim->base.value);
	g_free(claim->written);
	g_free(claim->refusal);
}

void etcd_claim_free(void *claim)
{
	g_rc_box_release_full(claim, forget);
}

/* Nothing of it is left to do. Who calls holds a reference. */
static void drop(struct etcd_claim *claim)
{
	struct etcd *etcd = etcd_of(claim);

	claim->dropped = TRUE;
	g_ptr_array_remove(etcd->claims, claim);
	/* Another claim of ours may have waited for this one. */
	etcd_claims_start(etcd);
}

/* ---- Telling ---- */

static void tell_held(struct etcd_claim *claim)
{
	if (claim->held || claim->base.released ||
	    !etcd_session_alive(etcd_of(claim)))
		return;
	claim->held = TRUE;
	if (claim->base.events->held)
		claim->base.events->held(&claim->base, claim->fence,
					 claim->base.arg);
}

static void tell_lost(struct etcd_claim *claim)
{
	if (!claim->held)
		return;
	claim->held = FALSE;
	etcd_writer_lost(etcd_of(claim), &claim->base);
	if (claim->base.events->lost)
		claim->base.events->lost(&claim->base, claim->base.arg);
}

gint64 etcd_claim_fence(const struct directory_claim *base)
{
	const struct etcd_claim *claim = (const void *)base;

	return claim->held && etcd_session_alive(etcd_of(claim)) ? claim->fence
								 : 0;
}

/* It is not, or no longer, ours. */
static void not_ours(struct etcd_claim *claim, gboolean taken)
{
	claim->fence = 0;
	claim->taken = taken;
	g_clear_pointer(&claim->written, g_free);
	tell_lost(claim);
	/* One that was let go is not held, and may have writes that wait. */
	etcd_writer_lost(etcd_of(claim), &claim->base);
}

/* ---- What etcd is asked ---- */

static void call(struct etcd_claim *claim, json_t *txn, etcd_answer_func func)
{
	claim->call = etcd_call_create(&etcd_of(claim)->http, "/v3/kv/txn", txn,
				       CALL_MS, func, claim);
}

static gboolean on_retry(void *data)
{
	struct etcd_claim *claim = g_rc_box_acquire(data);

	directory_stop(&claim->retry);
	claim->taken = FALSE;
	step(claim);
	etcd_claim_free(claim);
	return G_SOURCE_REMOVE;
}

static void retry(struct etcd_claim *claim)
{
	directory_stop(&claim->retry);
	claim->retry =
		directory_after(claim->base.dir, RETRY_MS, on_retry, claim);
}

/* FALSE: it failed; the session, or the clock, will bring us back. */
static gboolean came(struct etcd_claim *claim, const json_t *answer,
		     const GError *error, struct etcd_outcome *out_r)
{
	struct etcd *etcd = etcd_of(claim);
	g_autoptr(GError) wrong = NULL;

	if (answer && !etcd_wire_outcome(answer, etcd->prefix, out_r, &wrong))
		error = wrong;
	if (error && etcd_session_trouble(etcd, error))
		return FALSE;
	etcd_call_destroy(&claim->call);
	if (error) {
		g_autofree char *what =
			g_strconcat("claim of ", claim->base.key, NULL);

		etcd_warn(etcd, &claim->refusal, what, error->message);
		retry(claim);
		return FALSE;
	}
	g_clear_pointer(&claim->refusal, g_free);
	claim->seen = MAX(claim->seen, out_r->revision);
	return TRUE;
}

static void created(struct etcd_claim *claim, const struct etcd_outcome *out)
{
	const struct etcd_kv *there = out->read;

	claim->asked = FALSE;
	g_clear_pointer(&claim->written, g_free);
	if (out->succeeded) {
		claim->fence = out->revision;
		claim->written = g_strdup(claim->base.value);
	} else if (there && there->lease == etcd_of(claim)->session.lease) {
		/* The answer of an earlier try was lost. */
		claim->fence = there->created;
		claim->written = g_strdup(there->value);
	} else {
		claim->taken = TRUE;
		if (!there)
			retry(claim);
	}
	if (claim->fence)
		tell_held(claim);
}

static void on_created(const json_t *answer, const GError *error, void *arg)
{
	struct etcd_claim *claim = g_rc_box_acquire(arg);
	struct etcd_outcome out = { 0 };

	if (came(claim, answer, error, &out)) {
		created(claim, &out);
		step(claim);
	}
	etcd_outcome_fini(&out);
	etcd_claim_free(claim);
}

static void create(struct etcd_claim *claim)
{
	struct etcd *etcd = etcd_of(claim);
	g_autofree char *key = etcd_full_key(etcd, claim->base.key);
	json_t *txn = etcd_wire_txn();

	etcd_wire_if_created(txn, key, 0);
	etcd_wire_then(txn, key, claim->base.value, etcd->session.lease);
	etcd_wire_else_read(txn, key);
	claim->asked = TRUE;
	call(claim, txn, on_created);
}

static void on_changed(const json_t *answer, const GError *error, void *arg)
{
	struct etcd_claim *claim = g_rc_box_acquire(arg);
	struct etcd_outcome out = { 0 };

	if (came(claim, answer, error, &out)) {
		if (!out.succeeded || claim->removing)
			not_ours(claim, out.read != NULL);
		step(claim);
	} else {
		g_clear_pointer(&claim->written, g_free);
	}
	etcd_outcome_fini(&out);
	etcd_claim_free(claim);
}

/* Another value, or NULL: away with it. Only if it is still ours. */
static void change(struct etcd_claim *claim, const char *value)
{
	struct etcd *etcd = etcd_of(claim);
	g_autofree char *key = etcd_full_key(etcd, claim->base.key);
	json_t *txn = etcd_wire_txn();

	etcd_wire_if_created(txn, key, claim->fence);
	etcd_wire_then(txn, key, value, etcd->session.lease);
	etcd_wire_else_read(txn, key);
	g_free(claim->written);
	claim->written = g_strdup(value);
	claim->removing = !value;
	call(claim, txn, on_changed);
}

/* Whether one that was let go may still have this key. */
static gboolean is_being_released(struct etcd *etcd, const char *key)
{
	for (guint i = 0; i < etcd->claims->len; i++) {
		const struct etcd_claim *other = etcd->claims->pdata[i];

		if (other->base.released && !strcmp(other->base.key, key))
			return TRUE;
	}
	return FALSE;
}

static void step_released(struct etcd_claim *claim)
{
	if (!claim->fence && !claim->asked)
		drop(claim);
	else if (!claim->fence)
		create(claim); /* only to learn whether it is ours */
	else if (!etcd_writer_has(etcd_of(claim), &claim->base))
		change(claim, NULL);
}

/* The next request, if there is one to make. */
static void step(struct etcd_claim *claim)
{
	struct etcd *etcd = etcd_of(claim);

	if (claim->dropped || claim->call || claim->retry ||
	    !etcd->session.up || !etcd->session.lease)
		return;
	if (claim->base.released)
		step_released(claim);
	else if (claim->fence &&
		 g_strcmp0(claim->written, claim->base.value) != 0)
		change(claim, claim->base.value);
	else if (!claim->fence && !claim->taken &&
		 !is_being_released(etcd, claim->base.key))
		create(claim);
}

/* ---- What etcd tells ---- */

static void on_kv(const struct etcd_kv *kv, void *arg)
{
	struct etcd_claim *claim = g_rc_box_acquire(arg);

	claim->there = kv->value != NULL || kv->created;
	if (kv->modified > claim->seen) {
		claim->seen = kv->modified;
		if (!claim->there || kv->created != claim->fence)
			not_ours(claim, claim->there);
		step(claim);
	}
	etcd_claim_free(claim);
}

/* What is not there is not told. Was it when we last asked? Then it may have
 * gone since, or have come after this reading: ask again. */
static void on_synced(void *arg)
{
	struct etcd_claim *claim = g_rc_box_acquire(arg);

	if (!claim->there) {
		claim->taken = FALSE;
		g_clear_pointer(&claim->written, g_free);
		step(claim);
	}
	etcd_claim_free(claim);
}

static const struct etcd_follow_events follow_events = {
	.kv = on_kv,
	.synced = on_synced,
};

/* ---- All of them ---- */

void etcd_claims_start(struct etcd *etcd)
{
	g_autoptr(GPtrArray) claims = all_claims(etcd);

	for (guint i = 0; i < claims->len; i++) {
		struct etcd_claim *claim = claims->pdata[i];

		if (claim->fence)
			tell_held(claim);
		step(claim);
	}
}

void etcd_claims_stop(struct etcd *etcd)
{
	for (guint i = 0; i < etcd->claims->len; i++) {
		struct etcd_claim *claim = etcd->claims->pdata[i];

		if (claim->call)
			g_clear_pointer(&claim->written, g_free);
		etcd_call_destroy(&claim->call);
	}
}

void etcd_claims_lost(struct etcd *etcd, gboolean gone)
{
	g_autoptr(GPtrArray) claims = all_claims(etcd);

	if (gone)
		etcd_claims_stop(etcd);
	for (guint i = 0; i < claims->len; i++) {
		struct etcd_claim *claim = claims->pdata[i];

		if (!gone) {
			tell_lost(claim);
			continue;
		}
		/* Revisions, too, may be those of another etcd from now on. */
		claim->seen = 0;
		claim->asked = FALSE;
		not_ours(claim, FALSE);
		if (claim->base.released && !claim->dropped)
			drop(claim);
	}
}

void etcd_claim_written(struct directory_claim *base)
{
	struct etcd_claim *claim = g_rc_box_acquire((struct etcd_claim *)base);

	step(claim);
	etcd_claim_free(claim);
}

/* ---- The interface ---- */

struct directory_claim *etcd_claim(struct directory *dir, const char *key,
				   const char *value)
{
	struct etcd *etcd = (struct etcd *)dir;
	struct etcd_claim *claim = g_rc_box_new0(struct etcd_claim);

	claim->base.dir = dir;
	claim->base.key = g_strdup(key);
	claim->base.value = g_strdup(value);
	claim->follow =
		etcd_follow_create(etcd, key, TRUE, &follow_events, claim);
	g_ptr_array_add(etcd->claims, claim);
	step(claim);
	return &claim->base;
}

void etcd_claim_set(struct directory_claim *base, const char *value)
{
	g_free(base->value);
	base->value = g_strdup(value);
	step((struct etcd_claim *)base);
}

void etcd_release(struct directory_claim *base)
{
	struct etcd_claim *claim = g_rc_box_acquire((struct etcd_claim *)base);

	base->released = TRUE;
	claim->held = FALSE;
	etcd_follow_destroy(&claim->follow);
	step(claim);
	/* It never came so far: nothing of it can be in etcd. */
	if (!claim->dropped && !claim->fence && !claim->asked)
		drop(claim);
	etcd_claim_free(claim);
}
