/* Which member of etcd is in use, and our lease there.
 *
 * The lease is more than the life of our keys: that it is still known proves
 * that this is the same etcd with the same data. When it is not (it ran out,
 * or etcd lost its data), everything is read and written anew. */
#include "bridge/directory/etcd_private.h"

#include <string.h>

#define LEASE_S	     2
#define FIRST_TRY_MS 100
#define LAST_TRY_MS  2000
/* Parts of the lease: how often it is renewed, how long an answer may take,
 * and how long before its end it is no longer relied upon. */
#define RENEW_PART   4
#define ANSWER_PART  2
#define RESERVE_PART 8

static void join(struct etcd *etcd);

gboolean etcd_session_alive(const struct etcd *etcd)
{
	const struct etcd_session *ssn = &etcd->session;
	gint64 reserve = ssn->lease_ms * G_GINT64_CONSTANT(1000) / RESERVE_PART;

	return ssn->lease && directory_boottime() < ssn->lease_until - reserve;
}

static void lease_over(struct etcd *etcd, gboolean gone)
{
	if (gone) {
		etcd->session.lease = 0;
		etcd_writer_stop_leased(etcd);
	}
	directory_tell_lease(&etcd->base, FALSE);
	etcd_claims_lost(etcd, gone);
}

/* The timer runs by CLOCK_MONOTONIC, the lease also in sleep: after one, this
 * comes late, but fences are asked by the right clock (etcd_claim_fence()). */
static gboolean on_expiry(void *data)
{
	struct etcd *etcd = data;

	if (etcd_session_alive(etcd))
		return G_SOURCE_CONTINUE;
	directory_stop(&etcd->session.expiry);
	lease_over(etcd, FALSE);
	return G_SOURCE_REMOVE;
}

static void after(struct etcd *etcd, guint ms, GSourceFunc func)
{
	directory_stop(&etcd->session.next);
	etcd->session.next = directory_after(&etcd->base, ms, func, etcd);
}

static void call(struct etcd *etcd, const char *path, json_t *body,
		 etcd_answer_func func)
{
	struct etcd_session *ssn = &etcd->session;

	etcd_call_destroy(&ssn->call);
	directory_stop(&ssn->next);
	ssn->asked = directory_boottime();
	ssn->call = etcd_call_create(&etcd->http, path, body,
				     ssn->lease_ms / ANSWER_PART, func, etcd);
}

static gboolean on_next_try(void *data)
{
	struct etcd *etcd = data;

	directory_stop(&etcd->session.next);
	join(etcd);
	return G_SOURCE_REMOVE;
}

static void stop_all(struct etcd *etcd)
{
	etcd->session.up = FALSE;
	etcd->session.looked = FALSE;
	etcd_writer_stop(etcd);
	etcd_claims_stop(etcd);
	etcd_follows_stop(etcd);
}

/* The member in use has failed us: the next one, and when all have, a pause. */
static void fail(struct etcd *etcd, const GError *error)
{
	struct etcd_session *ssn = &etcd->session;
	g_autofree char *why = g_strdup_printf(
		"etcd at %s %s", etcd_http_url(&etcd->http), error->message);
	guint pause = 0;

	etcd_call_destroy(&ssn->call);
	stop_all(etcd);
	etcd->http.at = (etcd->http.at + 1) % etcd->http.n_urls;
	etcd->base.figures.url = etcd_http_url(&etcd->http);
	if (++ssn->failures >= etcd->http.n_urls) {
		ssn->failures = 0;
		pause = backoff_fail(&ssn->backoff);
		after(etcd, pause, on_next_try);
		directory_tell_state(&etcd->base, FALSE, why);
	} else {
		g_message("directory: %s; trying %s", why,
			  etcd_http_url(&etcd->http));
		after(etcd, 0, on_next_try);
	}
}

/* One of our own requests. */
static void failed(struct etcd *etcd, const GError *error)
{
	if (!etcd_session_trouble(etcd, error))
		fail(etcd, error);
}

static void start_all(struct etcd *etcd)
{
	struct etcd_session *ssn = &etcd->session;

	ssn->up = TRUE;
	ssn->failures = 0;
	backoff_reset(&ssn->backoff);
	directory_tell_state(&etcd->base, TRUE, NULL);
	etcd_follows_start(etcd);
}

static gboolean on_renew(void *data)
{
	struct etcd *etcd = data;

	etcd_session_check(etcd);
	return G_SOURCE_REMOVE;
}

/* The lease lives, at least so long from when we asked. */
static void renewed(struct etcd *etcd, gint64 seconds)
{
	struct etcd_session *ssn = &etcd->session;

	ssn->lease_until = ssn->asked + seconds * G_USEC_PER_SEC;
	directory_stop(&ssn->expiry);
	ssn->expiry =
		directory_after(&etcd->base, ssn->lease_ms / (2 * RESERVE_PART),
				on_expiry, etcd);
	after(etcd, ssn->lease_ms / RENEW_PART, on_renew);
	if (!ssn->up)
		start_all(etcd);
	etcd_writer_start(etcd);
	etcd_claims_start(etcd);
	if (!etcd->writer.dirty.length)
		directory_tell_lease(&etcd->base, TRUE);
}

/* FALSE: it was no answer, and that has been dealt with. */
static gboolean take_lease(struct etcd *etcd, const json_t *answer,
			   const GError *error, gint64 *lease_r,
			   gint64 *seconds_r)
{
	g_autoptr(GError) wrong = NULL;

	if (answer &&
	    !etcd_wire_lease_answer(answer, lease_r, seconds_r, &wrong))
		error = wrong;
	if (error)
		failed(etcd, error);
	return !error;
}

static void on_granted(const json_t *answer, const GError *error, void *arg)
{
	struct etcd *etcd = arg;
	struct etcd_session *ssn = &etcd->session;
	gint64 lease = 0, seconds = 0;

	if (!take_lease(etcd, answer, error, &lease, &seconds))
		return;
	etcd_call_destroy(&ssn->call);
	ssn->lease = lease;
	etcd_follows_resync(etcd);
	etcd_writer_renew(etcd);
	renewed(etcd, MAX(seconds, 1));
}

static void on_renewed(const json_t *answer, const GError *error, void *arg)
{
	struct etcd *etcd = arg;
	struct etcd_session *ssn = &etcd->session;
	gint64 lease = 0, seconds = 0;

	if (!take_lease(etcd, answer, error, &lease, &seconds))
		return;
	etcd->base.figures.round_trip_us =
		(guint)MAX(directory_boottime() - ssn->asked, 1);
	etcd_call_destroy(&ssn->call);
	if (seconds) {
		renewed(etcd, seconds);
		return;
	}
	lease_over(etcd, TRUE);
	join(etcd);
}

static void on_token(const json_t *answer, const GError *error, void *arg)
{
	struct etcd *etcd = arg;
	g_autoptr(GError) wrong = NULL;

	if (answer) {
		etcd->http.token = etcd_wire_token(answer, &wrong);
		error = wrong;
	}
	if (error) {
		fail(etcd, error);
		return;
	}
	join(etcd);
}

static void on_looked(const json_t *answer, const GError *error, void *arg)
{
	struct etcd *etcd = arg;

	(void)answer;
	if (error) {
		failed(etcd, error);
		return;
	}
	etcd->session.looked = TRUE;
	join(etcd);
}

/* A write that does not happen, for no key is as young as that, but for which
 * etcd demands what it will demand for the real ones. */
static json_t *look(const struct etcd *etcd)
{
	g_autofree char *key = etcd_full_key(etcd, "-");
	json_t *txn = etcd_wire_txn();

	etcd_wire_if_created(txn, key, G_MAXINT64);
	etcd_wire_then(txn, key, "", 0);
	etcd_wire_else_read(txn, key);
	return txn;
}

/* What is still missing to be up: log-in, whether we may, the lease. */
static void join(struct etcd *etcd)
{
	struct etcd_session *ssn = &etcd->session;

	if (ssn->user && !etcd->http.token)
		call(etcd, "/v3/auth/authenticate",
		     etcd_wire_authenticate(ssn->user, ssn->password),
		     on_token);
	else if (!ssn->looked)
		call(etcd, "/v3/kv/txn", look(etcd), on_looked);
	else if (ssn->lease)
		call(etcd, "/v3/lease/keepalive", etcd_wire_lease(ssn->lease),
		     on_renewed);
	else
		call(etcd, "/v3/lease/grant",
		     etcd_wire_grant(ssn->lease_ms / 1000), on_granted);
}

void etcd_session_check(struct etcd *etcd)
{
	if (etcd->session.up && !etcd->session.call)
		join(etcd);
}

gboolean etcd_session_trouble(struct etcd *etcd, const GError *error)
{
	gboolean log_in = error->code == ETCD_STRANGER && etcd->session.user;

	if (error->code == ETCD_NO_LEASE && etcd->session.lease) {
		lease_over(etcd, TRUE);
		join(etcd);
		return TRUE;
	}
	if (log_in && etcd->http.token) {
		g_clear_pointer(&etcd->http.token, g_free);
		stop_all(etcd);
		join(etcd);
		return TRUE;
	}
	/* A refusal concerns only who asked, unless it was the session. */
	if (error->code == ETCD_AWAY || error->code == ETCD_STRANGER ||
	    !etcd->session.up) {
		fail(etcd, error);
		return TRUE;
	}
	return FALSE;
}

void etcd_session_init(struct etcd *etcd, const struct directory_config *cfg)
{
	struct etcd_session *ssn = &etcd->session;

	ssn->user = g_strdup(cfg->user);
	ssn->password = g_strdup(cfg->password);
	ssn->lease_ms = 1000 * (cfg->lease_s ? cfg->lease_s : LEASE_S);
	ssn->backoff.first_ms = FIRST_TRY_MS;
	ssn->backoff.last_ms = LAST_TRY_MS;
	after(etcd, 0, on_next_try);
}

void etcd_session_fini(struct etcd *etcd)
{
	struct etcd_session *ssn = &etcd->session;

	directory_stop(&ssn->next);
	directory_stop(&ssn->expiry);
	etcd_call_destroy(&ssn->call);
	if (ssn->lease && ssn->up)
		etcd_call_and_wait(&etcd->http, "/v3/lease/revoke",
				   etcd_wire_lease(ssn->lease), 1000);
	if (ssn->password)
		explicit_bzero(ssn->password, strlen(ssn->password));
	g_free(ssn->user);
	g_free(ssn->password);
}
