#include "bridge/tools.h"

#include <gio/gio.h>
#include <openssl/rand.h>
#include <string.h>

#include "bridge/candidates.h"
#include "bridge/join_link.h"
#include "bridge/room/entrance.h"
#include "bridge/token.h"
#include "signaling/ipsp.h"
#include "signaling/letters.h"
#include "signaling/sdp.h"

#define FULL_RETRY_S   30
#define MEDIA_RETRY_S  10
#define KEEPER_RETRY_S 2
#define PROVE_S	       60 /* for the first authentic packet of a tool */

#define SUITES                                                                 \
	(1u << SDP_AEAD_AES_128_GCM | 1u << SDP_AES_CM_128_HMAC_SHA1_80 |      \
	 1u << SDP_DTLS)

struct tools {
	struct tools_config cfg;
	GHashTable *by_session; /* the member's did => struct tool */
	GHashTable *by_member;	/* member id => the same */
	GHashTable *by_address; /* where it receives => the same */
};

struct tool {
	struct member *member;
	guint8 token[STORE_DIGEST_SIZE];
	char *address;		 /* NULL: a browser, which may have many */
	struct sdp_offer *offer; /* of a browser */
	struct sdp_ice ice;	 /* ours, then */
};

static void free_tool(gpointer data)
{
	struct tool *tool = data;

	g_free(tool->address);
	g_free(tool->offer);
	explicit_bzero(&tool->ice, sizeof(tool->ice));
	g_free(tool);
}

struct tools *tools_create(const struct tools_config *cfg)
{
	struct tools *tls = g_new0(struct tools, 1);

	tls->cfg = *cfg;
	tls->by_session = g_hash_table_new(g_str_hash, g_str_equal);
	tls->by_address = g_hash_table_new(g_str_hash, g_str_equal);
	tls->by_member = g_hash_table_new_full(NULL, NULL, NULL, free_tool);
	return tls;
}

void tools_destroy(struct tools **tlsp)
{
	struct tools *tls = *tlsp;

	*tlsp = NULL;
	if (!tls)
		return;
	g_hash_table_unref(tls->by_session);
	g_hash_table_unref(tls->by_address);
	g_hash_table_unref(tls->by_member);
	g_free(tls);
}

static struct tool *find(const struct tools *tls, guint32 id)
{
	return g_hash_table_lookup(tls->by_member, GUINT_TO_POINTER(id));
}

struct member *tools_member(const struct tools *tls, guint32 id)
{
	const struct tool *tool = find(tls, id);

	return tool ? tool->member : NULL;
}

/* Whom a moderator has sent away comes back by a mail, as others do. */
static void end_bearer(struct tools *tls, const struct tool *tool)
{
	g_autoptr(GError) error = NULL;

	if (!store_void_token(tls->cfg.store, tool->token, &error))
		g_critical("tools: %s", error->message);
}

gboolean tools_gone(struct tools *tls, const struct member *mem, const char *by)
{
	struct tool *tool = find(tls, mem->id);

	if (!tool)
		return FALSE;
	if (by && member_is_person(mem))
		end_bearer(tls, tool);
	g_hash_table_remove(tls->by_session, mem->did);
	if (tool->address)
		g_hash_table_remove(tls->by_address, tool->address);
	g_hash_table_remove(tls->by_member, GUINT_TO_POINTER(mem->id));
	return TRUE;
}

struct member *tools_browser(const struct tools *tls, const char *session,
			     const char *token)
{
	const struct tool *tool = g_hash_table_lookup(tls->by_session, session);
	guint8 digest[STORE_DIGEST_SIZE];

	if (!tool || tool->member->via != MEMBER_BY_BROWSER)
		return NULL;
	token_digest(token, digest);
	return memcmp(digest, tool->token, sizeof(digest)) ? NULL
							   : tool->member;
}

/* "192.0.2.1:5004". Caller frees. */
static char *address_text(const struct sockaddr_storage *address)
{
	g_autoptr(GSocketAddress) sockaddr = g_socket_address_new_from_native(
		(gpointer)address, sizeof(*address));
	g_autofree char *text =
		g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(sockaddr));

	return g_steal_pointer(&text);
}

/* One arrival. */
struct visitor {
	struct tools *tls;
	const struct whip_join *join;
	gint64 now;
	struct whip_answer *answer;
	const struct hall *hall;
	struct store_token *token;
	char *device; /* of a person; NULL: it is a tool */
	struct sdp_offer offer;
	enum sdp_direction direction; /* the tool's, as its role allows */
	struct media_places places;
	struct media_tool tool;
	struct sdp_ice ice; /* to a browser */
	struct sockaddr_storage ours;
	char cname[IPSP_DID_LENGTH + 1]; /* a random token: RFC 7022 4.2 */
};

/* FALSE, for the caller to return. */
static gboolean G_GNUC_PRINTF(3, 4)
	refuse(struct visitor *vis, guint status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vis->answer->status = status;
	vis->answer->text = g_strdup_vprintf(format, args);
	va_end(args);
	return FALSE;
}

/* The room is another bridge's, who knows its tools, or nobody's for now. */
static void send_on(const struct tools *tls, const struct hall *hall,
		    struct whip_answer *answer)
{
	const struct tools_config *cfg = &tls->cfg;
	g_autofree struct document_owner *keeper =
		cfg->keeper ? cfg->keeper(hall->rules->account, cfg->keeper_arg)
			    : NULL;

	answer->status = keeper && *keeper->web ? 307 : 503;
	answer->retry_s = answer->status == 503 ? KEEPER_RETRY_S : 0;
	if (!keeper) {
		answer->text = g_strdup("No bridge keeps this room just now.");
		return;
	}
	answer->text = g_strdup_printf("The bridge %s keeps this room.",
				       keeper->bridge);
	if (*keeper->web)
		answer->bridge = g_strdup(keeper->web);
}

static const struct hall *find_hall(const struct tools *tls, const char *room)
{
	char detail[2];

	return rooms_find(tls->cfg.rooms, room, detail, sizeof(detail));
}

/* Before the token, which its own bridge's store has. */
static gboolean check_kept(struct visitor *vis)
{
	vis->hall = find_hall(vis->tls, vis->join->room);
	if (!vis->hall || room_is_kept(vis->hall->room))
		return TRUE;
	send_on(vis->tls, vis->hall, vis->answer);
	return FALSE;
}

static gboolean is_valid(const struct store_token *token, gint64 now)
{
	return token && token->uses != 0 && token->expires > now;
}

static gboolean check_token(struct visitor *vis)
{
	guint8 digest[STORE_DIGEST_SIZE];

	token_digest(vis->join->token, digest);
	vis->token = store_token(vis->tls->cfg.store, digest);
	if (!is_valid(vis->token, vis->now))
		return refuse(vis, 401, "This token is not valid.");
	if (!vis->hall)
		return refuse(vis, 404, "There is no such room.");
	if (strcmp(vis->token->room, vis->hall->rules->address) != 0)
		return refuse(vis, 403, "This token is for another room.");
	if (vis->token->role == STORE_ROLE_PANEL)
		return refuse(vis, 403, "This token is for the panel.");
	return TRUE;
}

/* Of a person, as of his INVITE. */
static gboolean check_entrance(struct visitor *vis)
{
	if (!vis->token->address)
		return TRUE;
	vis->device = join_link_device(vis->token->digest);
	switch (entrance_judge(room_entrance(vis->hall->room),
			       vis->token->address, vis->device, vis->now)) {
	case ENTRANCE_BANNED:
		return refuse(vis, 403, "%s",
			      letters_reason(IPSP_REJECT_FORBIDDEN, FALSE));
	case ENTRANCE_LOCKED:
		return refuse(vis, 423, "%s",
			      letters_reason(IPSP_REJECT_LOCKED, FALSE));
	case ENTRANCE_OPEN:
		break;
	}
	return TRUE;
}

static gboolean check_offer(struct visitor *vis)
{
	g_autoptr(GError) error = NULL;

	if (!sdp_parse_offer(&vis->offer, vis->join->offer, vis->join->size,
			     SUITES, &error))
		return refuse(vis, 422, "%s", error->message);
	vis->direction = vis->offer.direction;
	if (vis->token->role == STORE_ROLE_LISTENER)
		vis->direction &= SDP_RECVONLY;
	if (!vis->direction)
		return refuse(vis, 403,
			      "This token only listens; offer "
			      "a=recvonly.");
	return TRUE;
}

/* Sound in the clear stays in the room's networks, keys do not cross a
 * network in the clear. In a browser's offer there are none. */
static gboolean check_privacy(struct visitor *vis)
{
	static const char *const loopback[] = { "127.0.0.0/8", "::1", NULL };
	const struct config_room *rules = vis->hall->rules;
	const char *const *networks =
		(const char *const *)rules->plain_rtp_networks;

	if (vis->offer.suite == SDP_DTLS)
		return TRUE;
	if (vis->offer.suite != SDP_PLAIN)
		return vis->join->tls ||
		       candidates_in(vis->join->peer, loopback) ||
		       refuse(vis, 403, "Keys are posted by https only.");
	if (!rules->plain_rtp)
		return refuse(vis, 403,
			      "This room takes no sound in the "
			      "clear; offer RTP/SAVP with a=crypto.");
	return (candidates_in(&vis->offer.address, networks) &&
		candidates_in(vis->join->peer, networks)) ||
	       refuse(vis, 403,
		      "Sound in the clear does not leave the room's "
		      "networks; offer RTP/SAVP with a=crypto.");
}

/* One address has one session. A tool that was started again finds its old
 * one in the way and replaces it. */
static gboolean check_address(struct visitor *vis)
{
	g_autofree char *text = NULL;
	struct tool *tool;

	if (vis->offer.suite == SDP_DTLS)
		return TRUE;
	text = address_text(&vis->offer.address);
	tool = g_hash_table_lookup(vis->tls->by_address, text);
	if (!tool)
		return TRUE;
	if (memcmp(tool->token, vis->token->digest, sizeof(tool->token)) != 0)
		return refuse(vis, 409, "Another tool receives at %s.", text);
	room_left(tool->member->room, tool->member, LEAVE_REPLACED);
	return TRUE;
}

/* RFC 8839 5.4: characters of a user fragment or password. */
static void make_secret(char *text_r, gsize size)
{
	guint8 random[16];

	if (RAND_bytes(random, sizeof(random)) != 1)
		g_error("tools: the system gives no random bytes");
	for (gsize i = 0; i + 1 < size; i++)
		text_r[i] = "0123456789abcdef"[random[i / 2] >> i % 2 * 4 & 15];
	text_r[size - 1] = '\0';
	explicit_bzero(random, sizeof(random));
}

static void make_credentials(struct sdp_ice *ice)
{
	make_secret(ice->ufrag, 8 + 1);
	make_secret(ice->password, sizeof(ice->password));
}

static gboolean check_browser(struct visitor *vis)
{
	const struct tools_config *cfg = &vis->tls->cfg;

	if (!cfg->media->browser)
		return refuse(vis, 503,
			      "Browsers cannot join a room of a cluster yet.");
	if (!cfg->media->browser(&vis->places.at[0], vis->join->peer, &vis->ice,
				 cfg->media_arg))
		return refuse(vis, 422,
			      "No address of the bridge leads to you.");
	make_credentials(&vis->ice);
	vis->ours = vis->ice.candidates[0];
	return TRUE;
}

static gboolean check_place(struct visitor *vis)
{
	const struct tools_config *cfg = &vis->tls->cfg;

	if (!cfg->media->place(vis->hall->room, NULL, &vis->places,
			       cfg->media_arg)) {
		vis->answer->retry_s = MEDIA_RETRY_S;
		return refuse(vis, 503, "The bridge has no place left.");
	}
	if (vis->offer.suite == SDP_DTLS)
		return check_browser(vis);
	if (!cfg->media->address(&vis->places.at[0], &vis->offer.address,
				 &vis->ours, cfg->media_arg))
		return refuse(vis, 422,
			      "The bridge cannot send to the address "
			      "of this offer.");
	return TRUE;
}

static struct member *take_seat(struct visitor *vis)
{
	const struct store_token *token = vis->token;
	char session[IPSP_DID_LENGTH + 1];
	struct room_guest guest = {
		.did = session,
		.address = token->name ? token->name : "tool",
		.name = vis->offer.name,
		.device = session,
		.gate = vis->places.at[0].gate,
		.deadline = vis->now + PROVE_S,
		.via = MEMBER_BY_TOKEN,
	};
	struct member *mem;

	ipsp_did_generate(session);
	if (token->address) {
		guest.address = token->address;
		guest.name = token->name;
		guest.device = vis->device;
		guest.via = MEMBER_BY_BROWSER;
	}
	mem = room_seat(vis->hall->room, &guest);
	if (!mem) {
		vis->answer->retry_s = FULL_RETRY_S;
		refuse(vis, 503, "The room is full.");
	}
	return mem;
}

static struct tool *add_tool(struct tools *tls, struct member *mem,
			     const guint8 token[STORE_DIGEST_SIZE])
{
	struct tool *tool = g_new0(struct tool, 1);

	tool->member = mem;
	memcpy(tool->token, token, sizeof(tool->token));
	g_hash_table_insert(tls->by_session, mem->did, tool);
	g_hash_table_insert(tls->by_member, GUINT_TO_POINTER(mem->id), tool);
	return tool;
}

void tools_adopt(struct tools *tls, struct member *mem,
		 const struct sockaddr_storage *address,
		 const guint8 token[STORE_DIGEST_SIZE])
{
	struct tool *tool = add_tool(tls, mem, token);

	tool->address = address_text(address);
	g_hash_table_insert(tls->by_address, tool->address, tool);
}

static void add(struct visitor *vis, struct member *mem)
{
	struct tool *tool;

	if (vis->offer.suite != SDP_DTLS) {
		tools_adopt(vis->tls, mem, &vis->offer.address,
			    vis->token->digest);
		return;
	}
	tool = add_tool(vis->tls, mem, vis->token->digest);
	tool->offer = g_memdup2(&vis->offer, sizeof(vis->offer));
	tool->ice = vis->ice;
}

static void make_tool(struct visitor *vis)
{
	struct media_tool *tool = &vis->tool;

	ipsp_did_generate(vis->cname);
	tool->offer = &vis->offer;
	tool->direction = vis->direction;
	tool->cname = vis->cname;
	tool->ice = &vis->ice;
	tool->token = vis->token->digest;
	if (RAND_bytes(tool->key, sizeof(tool->key)) != 1 ||
	    RAND_bytes((guint8 *)&tool->ssrc, sizeof(tool->ssrc)) != 1)
		g_error("tools: the system gives no random bytes");
}

static gboolean open_media(struct visitor *vis, struct member *mem)
{
	const struct tools_config *cfg = &vis->tls->cfg;
	g_autoptr(GError) error = NULL;

	make_tool(vis);
	vis->answer->retry_s = MEDIA_RETRY_S;
	if (!cfg->media->open_tool(mem, &vis->places.at[0], &vis->tool,
				   &vis->hall->rules->sound, cfg->media_arg))
		return refuse(vis, 503, "The bridge is overloaded.");
	if (!store_use_token(cfg->store, vis->token, &error)) {
		g_critical("tools: %s", error->message);
		return refuse(vis, 503, "The bridge's store does not work.");
	}
	vis->answer->retry_s = 0;
	return TRUE;
}

/* RFC 9725 4.3.1: an entity tag stands for one ICE session. Caller frees. */
static char *etag_of(const struct sdp_ice *ice)
{
	return g_strdup_printf("\"%s\"", ice->ufrag);
}

static void answer(struct visitor *vis, const struct member *mem)
{
	struct sdp_answer ours = {
		.address = vis->ours,
		.stereo = vis->hall->rules->sound.stereo,
		.ssrc = vis->tool.ssrc,
		.cname = vis->cname,
		.session = vis->tool.ssrc,
	};

	/* RFC 3264 6.1: what one side sends, the other receives. */
	if (vis->direction & SDP_SENDONLY)
		ours.direction |= SDP_RECVONLY;
	if (vis->direction & SDP_RECVONLY)
		ours.direction |= SDP_SENDONLY;
	if (vis->offer.suite == SDP_DTLS) {
		ours.ice = &vis->ice;
		vis->answer->etag = etag_of(&vis->ice);
	}
	memcpy(ours.key, vis->tool.key, sizeof(ours.key));
	vis->answer->status = 201;
	vis->answer->text = sdp_write_answer(&vis->offer, &ours);
	vis->answer->session = g_strdup(mem->did);
	explicit_bzero(&ours, sizeof(ours));
}

static void enter(struct visitor *vis)
{
	struct member *mem = take_seat(vis);

	if (!mem)
		return;
	add(vis, mem);
	if (!open_media(vis, mem)) {
		room_left(vis->hall->room, mem, LEAVE_NO_SHOW);
		return;
	}
	answer(vis, mem);
	g_info("tools: joined room=%s member=%u gate=%s",
	       room_address(vis->hall->room), mem->id, vis->places.at[0].gate);
}

void tools_join(struct tools *tls, const struct whip_join *join, gint64 now,
		struct whip_answer *answer_r)
{
	struct visitor vis = {
		.tls = tls, .join = join, .now = now, .answer = answer_r
	};

	if (check_kept(&vis) && check_token(&vis) && check_entrance(&vis) &&
	    check_offer(&vis) && check_privacy(&vis) && check_address(&vis) &&
	    check_place(&vis))
		enter(&vis);
	if (answer_r->status != 201)
		g_info("tools: refused room=%s status=%u: %s", join->room,
		       answer_r->status, answer_r->text);
	store_token_free(vis.token);
	g_free(vis.device);
	explicit_bzero(&vis.offer, sizeof(vis.offer));
	explicit_bzero(&vis.tool, sizeof(vis.tool));
	explicit_bzero(&vis.ice, sizeof(vis.ice));
}

static void restart_ice(struct tools *tls, struct tool *tool, const char *ufrag,
			struct whip_answer *answer)
{
	struct sdp_ice ice = tool->ice;

	make_credentials(&ice);
	if (tls->cfg.media->restart(tool->member, ufrag, &ice,
				    tls->cfg.media_arg)) {
		tool->ice = ice;
		g_strlcpy(tool->offer->ufrag, ufrag,
			  sizeof(tool->offer->ufrag));
		answer->status = 200;
		answer->text = sdp_write_fragment(tool->offer, &ice);
		answer->etag = etag_of(&ice);
	} else {
		answer->status = 503;
		answer->text = g_strdup("The bridge is overloaded.");
	}
	explicit_bzero(&ice, sizeof(ice));
}

/* What a fragment says beyond its user fragment is for full ends of ICE. */
static void take_fragment(struct tools *tls, struct tool *tool,
			  const struct whip_patch *patch,
			  struct whip_answer *answer)
{
	g_autofree char *etag = etag_of(&tool->ice);
	g_autoptr(GError) error = NULL;
	struct sdp_fragment frag;
	gboolean restarts = !strcmp(patch->if_match, "*");
	gboolean same;

	if (!restarts && strcmp(patch->if_match, etag) != 0) {
		answer->status = 412;
		answer->text = g_strdup("This is another ICE session by now.");
	} else if (!sdp_parse_fragment(&frag, patch->fragment, patch->size,
				       &error)) {
		answer->status = 422;
		answer->text = g_strdup(error->message);
	} else {
		same = !*frag.ufrag || !strcmp(frag.ufrag, tool->offer->ufrag);
		if (!same && restarts) {
			restart_ice(tls, tool, frag.ufrag, answer);
		} else if (!same) {
			answer->status = 422;
			answer->text = g_strdup("A restart has If-Match: *.");
		} else {
			answer->status = 204;
		}
	}
}

void tools_patch(struct tools *tls, const struct whip_patch *patch,
		 struct whip_answer *answer_r)
{
	struct tool *tool =
		g_hash_table_lookup(tls->by_session, patch->session);
	const struct hall *hall = find_hall(tls, patch->room);
	guint8 digest[STORE_DIGEST_SIZE];

	token_digest(patch->token, digest);
	if (hall && !room_is_kept(hall->room)) {
		send_on(tls, hall, answer_r);
	} else if (!tool || !hall || tool->member->room != hall->room) {
		answer_r->status = 404;
		answer_r->text = g_strdup("There is no such session.");
	} else if (memcmp(digest, tool->token, sizeof(digest)) != 0) {
		answer_r->status = 401;
	} else if (!tool->offer) {
		answer_r->status = 405;
		answer_r->text = g_strdup("This session has no ICE.");
	} else if (!patch->if_match) {
		answer_r->status = 428;
		answer_r->text = g_strdup("Say If-Match: with the ETag of the "
					  "session, or * to restart its ICE.");
	} else {
		take_fragment(tls, tool, patch, answer_r);
	}
}

static void audit_kick(struct tools *tls, const char *room, const char *by,
		       const char *whom, gint64 now)
{
	g_autoptr(GError) error = NULL;
	struct audit_row row = {
		.at = now,
		.room = (char *)room,
		.who = (char *)by,
		.from = (char *)"",
		.what = (char *)"kick",
		.whom = (char *)whom,
		.detail = (char *)"",
		.outcome = (char *)"done",
	};

	if (!store_add_audit(tls->cfg.store, &row, &error))
		g_critical("tools: %s", error->message);
}

/* A moderator's token ends the sessions of others, too. */
static gboolean kick(struct tools *tls, struct member *mem,
		     const guint8 digest[STORE_DIGEST_SIZE], gint64 now)
{
	SCOPED(store_token) token = store_token(tls->cfg.store, digest);
	g_autofree char *whom = g_strdup(mem->address);
	const char *by;

	if (!is_valid(token, now) || token->role != STORE_ROLE_MODERATOR ||
	    strcmp(token->room, room_address(mem->room)) != 0)
		return FALSE;
	by = token->name ? token->name : "a moderator's token";
	if (!room_kick(mem->room, mem->id, by, NULL, NULL))
		return FALSE;
	audit_kick(tls, token->room, by, whom, now);
	return TRUE;
}

void tools_leave(struct tools *tls, const struct whip_leave *leave, gint64 now,
		 struct whip_answer *answer_r)
{
	struct tool *tool =
		g_hash_table_lookup(tls->by_session, leave->session);
	const struct hall *hall = find_hall(tls, leave->room);
	guint8 digest[STORE_DIGEST_SIZE];

	answer_r->status = 200;
	token_digest(leave->token, digest);
	if (hall && !room_is_kept(hall->room)) {
		send_on(tls, hall, answer_r);
	} else if (!tool || !hall || tool->member->room != hall->room) {
		answer_r->status = 404;
		answer_r->text = g_strdup("There is no such session.");
	} else if (!memcmp(digest, tool->token, sizeof(digest))) {
		room_left(hall->room, tool->member, LEAVE_BYE);
	} else if (!kick(tls, tool->member, digest, now)) {
		answer_r->status = 401;
	}
}
