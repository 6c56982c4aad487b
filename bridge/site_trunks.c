/* The trunks of a room's hub at this site: see site_private.h. */
#include <string.h>

#include "bridge/candidates.h"
#include "bridge/lent.h"
#include "bridge/site_private.h"
#include "signaling/keys.h"

/* Both ends of a trunk derive the same keys from it: one that were made twice
 * would use its nonces twice. From when it is in use until long after. */
static void spend(struct site *site, const guint8 *salt_bytes)
{
	g_autofree char *salt = keys_base64url(salt_bytes, DOCUMENTS_SALT);

	site_spend(site, salt);
}

static void close_trunk(struct site_trunk *trk)
{
	struct site_room *room = trk->room;
	struct site_hub *hub = room->hubs->pdata[0];

	spend(room->site, trk->salt);
	g_info("site: room=%s lets trunk=%s go", room->address, trk->id);
	stage_remove_trunk(hub->stage, trk->trunk);
	g_hash_table_remove(room->site->trunks, GUINT_TO_POINTER(trk->tag));
	g_ptr_array_remove(room->trunks, trk);
	g_free(trk);
}

void site_trunks_close(struct site_room *room)
{
	while (room->trunks->len)
		close_trunk(room->trunks->pdata[0]);
}

gboolean site_trunks_carry(const struct site_room *room)
{
	for (guint i = 0; i < room->trunks->len; i++) {
		const struct site_trunk *trk = room->trunks->pdata[i];

		if (trk->report.role == TRUNK_CHILD &&
		    trk->report.state == TRUNK_UP)
			return TRUE;
	}
	return FALSE;
}

/* One with another salt is another trunk, though its id be the same. */
static gboolean is(const struct site_trunk *trk,
		   const struct document_trunk *want)
{
	return !strcmp(trk->id, want->id) && trk->role == want->role &&
	       !memcmp(trk->salt, want->salt, sizeof(trk->salt));
}

static struct site_trunk *find_trunk(const struct site_room *room,
				     const struct document_trunk *want)
{
	for (guint i = 0; i < room->trunks->len; i++)
		if (is(room->trunks->pdata[i], want))
			return room->trunks->pdata[i];
	return NULL;
}

static void set_peers(struct trunk_config *cfg,
		      const struct document_trunk *want)
{
	for (guint i = 0; i < want->n_addresses; i++) {
		const struct ipsp_candidate *cand = &want->addresses[i];

		if (cfg->n_peers < TRUNK_MAX_PEERS && *cand->address &&
		    candidates_parse(cand->address, cand->port,
				     &cfg->peers[cfg->n_peers]))
			cfg->n_peers++;
	}
}

static struct trunk *make_trunk(const struct site *site,
				const struct document_trunk *want, guint32 tag)
{
	static const enum trunk_role roles[] = {
		[DOCUMENT_TRUNK_PARENT] = TRUNK_PARENT,
		[DOCUMENT_TRUNK_CHILD] = TRUNK_CHILD,
		[DOCUMENT_TRUNK_ALTERNATE] = TRUNK_ALTERNATE,
		[DOCUMENT_TRUNK_VICE] = TRUNK_CHILD,
	};
	struct trunk_config cfg = { .tag = tag,
				    .role = roles[want->role],
				    .protocol = want->protocol };
	/* A peer that does not know the cluster's secret has its own. */
	char *secret = lent_is(want->site) ? seal_lend(site->seal, want->site)
					   : g_strdup(site->cluster_secret);
	struct trunk *trk = NULL;

	g_strlcpy(cfg.id, want->id, sizeof(cfg.id));
	set_peers(&cfg, want);
	if (!trunk_derive(&cfg, (const guint8 *)secret, strlen(secret),
			  want->salt) &&
	    trunk_create(&trk, &cfg))
		trk = NULL;
	explicit_bzero(&cfg, sizeof(cfg));
	explicit_bzero(secret, strlen(secret));
	g_free(secret);
	return trk;
}

static void add_trunk(struct site_room *room, const struct document_trunk *want,
		      struct trunk *made, guint32 tag)
{
	struct site_trunk *trk = g_new0(struct site_trunk, 1);

	trk->room = room;
	trk->tag = tag;
	trk->trunk = made;
	trk->role = want->role;
	trk->protocol = want->protocol;
	g_strlcpy(trk->id, want->id, sizeof(trk->id));
	memcpy(trk->salt, want->salt, sizeof(trk->salt));
	g_ptr_array_add(room->trunks, trk);
	g_hash_table_insert(room->site->trunks, GUINT_TO_POINTER(tag), trk);
	g_info("site: room=%s trunk=%s site=%s", room->address, trk->id,
	       want->site);
}

static void open_trunk(struct site_room *room,
		       const struct document_trunk *want)
{
	struct site *site = room->site;
	struct site_hub *hub = room->hubs->pdata[0];
	const guint32 tag = site_number(site);
	g_autofree char *salt = keys_base64url(want->salt, sizeof(want->salt));
	struct trunk *made;

	if (site_is_spent(site, salt))
		return;
	made = make_trunk(site, want, tag);
	if (made && stage_add_trunk(hub->stage, made)) {
		spend(site, want->salt);
		add_trunk(room, want, made, tag);
		return;
	}
	if (!room->refused)
		g_warning("site: room=%s has no trunk=%s to site=%s: none of "
			  "its addresses can be reached from here, or the "
			  "worker does not keep up",
			  room->address, want->id, want->site);
	room->refused = TRUE;
}

static gboolean is_wanted(const struct document_want_hub *want,
			  const struct site_trunk *trk)
{
	for (guint i = 0; i < want->n_trunks; i++)
		if (is(trk, &want->trunks[i]))
			return TRUE;
	return FALSE;
}

void site_trunks_reconcile(struct site_room *room)
{
	const struct document_want_hub *want = room->want;

	/* First the new ones: a new parent takes the old one's place, and
	 * nobody is without one for a moment. */
	for (guint i = 0; i < want->n_trunks; i++)
		if (!find_trunk(room, &want->trunks[i]))
			open_trunk(room, &want->trunks[i]);
	for (guint i = room->trunks->len; i-- > 0;)
		if (!is_wanted(want, room->trunks->pdata[i]))
			close_trunk(room->trunks->pdata[i]);
}
