/* One caller's place at this site: see site_private.h. */
#include <string.h>

#include "bridge/candidates.h"
#include "bridge/leg_config.h"
#include "bridge/room/in_band.h"
#include "bridge/site_private.h"

#define FIGURES_EVERY_S 5
/* What a caller says is written so often at most, whatever he does: the rest
 * with his next figures. */
#define HEARS_EVERY_US (250 * G_TIME_SPAN_MILLISECOND)
#define MAX_PLACE      255 /* session_config.place */

struct site_session *site_session_create(struct site_room *room,
					 const char *did, guint k)
{
	struct site_session *ses = g_new0(struct site_session, 1);

	ses->room = room;
	g_strlcpy(ses->did, did, sizeof(ses->did));
	ses->k = k;
	return ses;
}

/* From when they are in use until long after. */
static void spend(const struct site_session *ses)
{
	g_autofree char *name = g_strdup_printf("%s.%u", ses->did, ses->k);

	site_spend(ses->room->site, name);
}

/* The media end; what was written of it stays. */
static void close_leg(struct site_session *ses)
{
	if (!ses->leg)
		return;
	lent_host_destroy(&ses->lent);
	spend(ses);
	g_hash_table_remove(ses->room->site->sessions,
			    GUINT_TO_POINTER(ses->number));
	leg_close(&ses->leg);
}

void site_session_destroy(struct site_session *ses)
{
	close_leg(ses);
	if (ses->published)
		site_status_no_session(ses);
	g_free(ses->want);
	g_free(ses);
}

void site_session_want(struct site_session *ses,
		       struct document_want_session *want)
{
	struct site *site = ses->room->site;

	ses->room->dirty = TRUE;
	if (!want && ses->wanted && site->catching_up) {
		ses->linger_us = g_get_monotonic_time();
		return;
	}
	ses->linger_us = 0;
	ses->refused = FALSE;
	ses->wanted = want != NULL;
	if (!want)
		return;
	g_free(ses->want);
	ses->want = want;
}

/* Opening. */

/* Once for each reason: it is tried again whenever something has changed. */
static void refuse(struct site_session *ses, const char *why)
{
	if (!ses->refused)
		g_warning("site: room=%s did=%s.%u is not served: %s",
			  ses->room->address, ses->did, ses->k, why);
	ses->refused = TRUE;
}

/* FALSE: not sealed by this cluster, or for another key. Caller wipes. */
static gboolean open_secret(struct site_session *ses,
			    struct document_secret *secret_r)
{
	struct document_name name = { .kind = DOCUMENT_WANT_SESSION,
				      .k = ses->k };
	const struct site *site = ses->room->site;
	g_autofree char *key = NULL;
	g_autoptr(GBytes) text = NULL;
	g_autoptr(GError) error = NULL;

	g_strlcpy(name.site, site->name, sizeof(name.site));
	g_strlcpy(name.room, ses->room->address, sizeof(name.room));
	g_strlcpy(name.did, ses->did, sizeof(name.did));
	key = document_key(&name);
	text = seal_open(site->seal, key, ses->want->sealed, &error);
	if (!text || !document_secret_read(secret_r, text, &error)) {
		refuse(ses, error->message);
		return FALSE;
	}
	/* An empty one would let anybody register in his place. */
	if (ses->want->has_tool || *secret_r->stun_password)
		return TRUE;
	refuse(ses, "its STUN password is missing");
	return FALSE;
}

static struct session_config phone_config(const struct site_session *ses,
					  const struct document_secret *secret)
{
	const struct document_want_session *want = ses->want;
	struct keys keys = { .ssrc_c2b = secret->ssrc_c2b,
			     .ssrc_b2c = secret->ssrc_b2c };
	const struct media_keys media = {
		.did = ses->did,
		.keys = &keys,
		.srtp = want->srtp,
		.payload_type = (guint8)want->payload_type,
		.level_id = (guint8)want->level_id,
	};
	struct session_config cfg;

	g_strlcpy(keys.stun_password, secret->stun_password,
		  sizeof(keys.stun_password));
	memcpy(keys.srtp_c2b, secret->srtp_c2b, sizeof(keys.srtp_c2b));
	memcpy(keys.srtp_b2c, secret->srtp_b2c, sizeof(keys.srtp_b2c));
	cfg = leg_config_phone(&media);
	explicit_bzero(&keys, sizeof(keys));
	return cfg;
}

/* FALSE: nothing leads to its address from here. */
static gboolean tool_config(const struct site_session *ses,
			    const struct document_secret *secret,
			    struct session_config *cfg_r)
{
	const struct document_want_session *want = ses->want;
	const struct document_tool *tool = &want->tool;
	struct sdp_offer offer = {
		.payload_type = (guint8)want->payload_type,
		.max_bitrate = tool->bitrate,
		.level_id = want->level_id,
		.suite = tool->suite,
	};
	struct media_tool media = {
		.offer = &offer,
		.direction = tool->direction,
		.ssrc = secret->ssrc_b2c,
		.cname = tool->cname,
	};
	struct sockaddr_storage ours;
	guint port;

	if (!candidates_parse(tool->address.address, tool->address.port,
			      &offer.address) ||
	    !stages_address(ses->room->site->stages, want->worker,
			    &offer.address, &ours, &port))
		return FALSE;
	memcpy(offer.crypto.key, secret->tool_in, sizeof(offer.crypto.key));
	memcpy(media.key, secret->tool_out, sizeof(media.key));
	*cfg_r = leg_config_tool(ses->did, &media, port);
	explicit_bzero(&offer, sizeof(offer));
	explicit_bzero(&media, sizeof(media));
	return TRUE;
}

/* Caller wipes cfg_r. */
static gboolean config_of(const struct site_session *ses,
			  const struct document_secret *secret,
			  struct session_config *cfg_r)
{
	const struct document_want_session *want = ses->want;

	if (!want->has_tool)
		*cfg_r = phone_config(ses, secret);
	else if (!tool_config(ses, secret, cfg_r))
		return FALSE;
	cfg_r->origin = want->origin;
	cfg_r->place = (uint8_t)MIN(ses->k, MAX_PLACE);
	cfg_r->standby = want->standby;
	return TRUE;
}

static void open_leg(struct site_session *ses, struct site_hub *hub,
		     const struct document_secret *secret)
{
	struct site *site = ses->room->site;
	struct session_config cfg;

	if (!config_of(ses, secret, &cfg)) {
		refuse(ses, "no socket here leads to the tool's address");
		return;
	}
	ses->number = cfg.member = site_number(site);
	ses->leg = leg_open(hub->stage, ses->want->gate, &cfg);
	if (!ses->leg) {
		refuse(ses, "the gate is full, or the worker does not keep up");
		return;
	}
	g_hash_table_insert(site->sessions, GUINT_TO_POINTER(ses->number), ses);
	ses->muted = FALSE;
	ses->volume = 100;
	g_info("site: room=%s did=%s.%u gate=%s%s", ses->room->address,
	       ses->did, ses->k, ses->want->gate,
	       ses->want->standby ? " standby" : "");
}

/* Two owners may have allotted the last gate at the same moment. Who comes
 * second is told so; but not before all that is to go has gone. Only of a first
 * place: nobody is turned away in mid-call. */
static gboolean is_one_too_many(struct site_session *ses,
				const struct site_hub *hub)
{
	struct site *site = ses->room->site;

	if (ses->k || stage_has_taken(hub->stage, ses->want->gate) ||
	    stages_taken_gates(site->stages) < stages_gates(site->stages))
		return FALSE;
	if (ses->crowded) {
		site_session_gone(ses, DOCUMENT_GONE_FULL);
	} else {
		ses->crowded = ses->room->dirty = TRUE;
		site_run_soon(site);
	}
	return TRUE;
}

/* What is not used yet; opened, it is. */
static void open_fresh(struct site_session *ses, struct site_hub *hub)
{
	struct site *site = ses->room->site;
	g_autofree char *name = g_strdup_printf("%s.%u", ses->did, ses->k);
	struct document_secret secret;

	if (site_is_spent(site, name)) {
		site_session_gone(ses, DOCUMENT_GONE_LOST);
	} else if (!is_one_too_many(ses, hub) && open_secret(ses, &secret)) {
		open_leg(ses, hub, &secret);
		explicit_bzero(&secret, sizeof(secret));
		if (ses->leg)
			spend(ses);
	}
}

static void open_session(struct site_session *ses)
{
	struct site_hub *hub;

	if (strcmp(ses->want->instance, ses->room->site->instance) != 0) {
		site_session_gone(ses, DOCUMENT_GONE_LOST);
		return;
	}
	if (ses->want->has_end || !ses->room->hubs->len)
		return;
	hub = site_room_hub(ses->room, ses->want->worker);
	if (hub)
		open_fresh(ses, hub);
	else
		refuse(ses, "there is no such worker, or it does not keep up");
}

/* Changes. */

static gboolean is_here(const struct site_session *ses)
{
	return ses->leg && *ses->status.path;
}

/* A tool does not know our messages. */
static void tell(struct site_session *ses, const char *json)
{
	if (!ses->want->has_tool)
		leg_tell(ses->leg, json);
}

static void tell_mute(struct site_session *ses)
{
	g_autofree char *json = in_band_mute(ses->muted);

	tell(ses, json);
}

static void update_sound(struct site_session *ses)
{
	const struct document_want_session *want = ses->want;

	if (want->muted != ses->muted) {
		ses->muted = want->muted;
		leg_mute(ses->leg, ses->muted);
		if (is_here(ses))
			tell_mute(ses);
	}
	if (want->volume != ses->volume) {
		ses->volume = want->volume;
		leg_set_volume(ses->leg, ses->volume);
	}
}

/* The candidate of the same family as the path that is in use. */
static gboolean find_alternate(const struct site_session *ses,
			       struct sockaddr_storage *address_r)
{
	const struct ipsp_gate *gate = &ses->want->alternate.gate;
	const int family = *ses->status.path == '[' ? AF_INET6 : AF_INET;
	struct sockaddr_storage any;
	gboolean found = FALSE;

	for (guint i = 0; i < gate->n_candidates; i++) {
		const struct ipsp_candidate *cand = &gate->candidates[i];

		if (!*cand->address ||
		    !candidates_parse(cand->address, cand->port, &any))
			continue;
		if (!found || any.ss_family == family)
			*address_r = any;
		if (any.ss_family == family)
			return TRUE;
		found = TRUE;
	}
	return found;
}

static void redirect(struct site_session *ses)
{
	const struct site_room *room = ses->room;
	const gboolean away = (room->site->draining || room->cut_off) &&
			      ses->want->has_alternate;
	struct sockaddr_storage address = { 0 };

	if (away == ses->redirected || (away && !find_alternate(ses, &address)))
		return;
	ses->redirected = away;
	leg_redirect(ses->leg, &address);
	g_info("site: room=%s did=%s.%u %s", room->address, ses->did, ses->k,
	       away ? "is sent to its alternate" : "may stay after all");
}

static void update_alternate(struct site_session *ses)
{
	const struct document_want_session *want = ses->want;
	g_autofree char *json = NULL;

	if (want->has_alternate &&
	    memcmp(&want->alternate, &ses->told, sizeof(ses->told)) != 0) {
		ses->told = want->alternate;
		/* The address that he is sent to is of another place now. */
		ses->redirected = FALSE;
		json = ipsp_encode_standby(&want->alternate.gate,
					   want->alternate.k);
		tell(ses, json);
	}
	redirect(ses);
}

/* What he was not told yet of what the owner says. */
static void update_says(struct site_session *ses)
{
	const struct document_want_session *want = ses->want;
	const guint32 first = want->said - want->n_says + 1;

	for (guint i = 0; i < want->n_says; i++)
		if ((gint32)(first + i - ses->said) > 0)
			leg_tell(ses->leg, want->says[i].json);
	ses->said = want->said;
}

static void end(struct site_session *ses)
{
	static const enum member_leave leaves[] = {
		[DOCUMENT_END_QUIET] = LEAVE_BYE,
		[DOCUMENT_END_KICKED] = LEAVE_KICKED,
		[DOCUMENT_END_ENDED] = LEAVE_ENDED,
		[DOCUMENT_END_REPLACED] = LEAVE_REPLACED,
		[DOCUMENT_END_MOVED] = LEAVE_MOVED,
	};
	const struct document_ending *ending = &ses->want->end;
	g_autofree char *json = in_band_end(leaves[ending->why], ending->text);

	if (json)
		tell(ses, json);
	site_session_gone(ses, DOCUMENT_GONE_BYE);
}

static void lent_send(const char *json, void *arg)
{
	tell(arg, json);
}

static const struct lent_host_events lent_events = { .send = lent_send };

static void update_lent(struct site_session *ses)
{
	const struct lent_host_config cfg = {
		.dir = ses->room->site->dir,
		.seal = ses->room->site->seal,
		.room = ses->room->address,
		.did = ses->did,
		.k = ses->k,
		.offer = &ses->want->offer,
	};

	if (ses->want->has_offer && !ses->lent)
		ses->lent = lent_host_create(&cfg, &lent_events, ses);
}

static gboolean has_lingered(const struct site_session *ses, gint64 now_us)
{
	return ses->linger_us &&
	       now_us - ses->linger_us >= SITE_LINGER_S * G_USEC_PER_SEC;
}

gboolean site_session_reconcile(struct site_session *ses, gint64 now_us)
{
	if (!ses->wanted || has_lingered(ses, now_us))
		return FALSE;
	if (!ses->leg && !ses->status.gone)
		open_session(ses);
	if (ses->leg) {
		update_sound(ses);
		if (is_here(ses)) {
			update_alternate(ses);
			update_says(ses);
			update_lent(ses);
		}
	}
	if (ses->want->has_end && !ses->status.gone)
		end(ses);
	if ((ses->leg || ses->status.gone) && !ses->published)
		site_status_session(ses);
	return TRUE;
}

/* The worker has told. */

void site_session_registered(struct site_session *ses, const char *path)
{
	const gboolean first = !*ses->status.path;

	g_strlcpy(ses->status.path, path, sizeof(ses->status.path));
	if (first) {
		ses->status.since = g_get_real_time() / G_USEC_PER_SEC;
		leg_arrived(ses->leg);
		if (ses->muted)
			tell_mute(ses);
		update_alternate(ses);
		update_says(ses);
		update_lent(ses);
	}
	g_info("site: registered room=%s did=%s.%u path=%s", ses->room->address,
	       ses->did, ses->k, path);
	site_status_session(ses);
}

void site_session_gone(struct site_session *ses, enum document_gone gone)
{
	static const char *const words[] = {
		[DOCUMENT_GONE_BYE] = "bye",
		[DOCUMENT_GONE_LOST] = "lost",
		[DOCUMENT_GONE_MOVED] = "moved",
		[DOCUMENT_GONE_FULL] = "full",
	};

	ses->status.gone = gone;
	g_info("site: gone room=%s did=%s.%u %s", ses->room->address, ses->did,
	       ses->k, words[gone]);
	close_leg(ses);
	site_status_session(ses);
}

/* The oldest gives way. */
static void keep_heard(struct document_status_session *status,
		       const struct in_band *msg)
{
	g_autofree char *json = in_band_write(msg);

	if (status->n_hears == DOCUMENTS_MAX_HEARD)
		memmove(status->hears, status->hears + 1,
			(--status->n_hears) * sizeof(status->hears[0]));
	g_strlcpy(status->hears[status->n_hears++].json, json,
		  sizeof(status->hears[0].json));
	status->heard++;
}

void site_session_message(struct site_session *ses, const char *json,
			  gsize size)
{
	const gint64 now_us = g_get_monotonic_time();
	struct in_band msg;

	if (ses->lent && lent_host_message(ses->lent, json, size))
		return;
	if (!in_band_read(&msg, json, size))
		return;
	if (msg.type != IN_BAND_SELF_MUTE)
		keep_heard(&ses->status, &msg);
	else if (ses->status.self_muted == msg.on)
		return;
	else
		ses->status.self_muted = msg.on;
	ses->unwritten = now_us - ses->hears_us < HEARS_EVERY_US;
	if (ses->unwritten)
		return;
	ses->hears_us = now_us;
	site_status_session(ses);
}

void site_session_report(struct site_session *ses,
			 const struct session_report *rep)
{
	const gint64 now_us = g_get_monotonic_time();

	if (!rep->registered)
		return;
	ses->status.has_figures = TRUE;
	ses->status.figures = media_figures(rep);
	if (!ses->unwritten &&
	    now_us - ses->figures_us < FIGURES_EVERY_S * G_USEC_PER_SEC)
		return;
	ses->unwritten = FALSE;
	ses->figures_us = now_us;
	site_status_session(ses);
}
