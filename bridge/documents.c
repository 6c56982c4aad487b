#include "bridge/documents.h"

#include <string.h>

/* The rows of the tables: R is required, O is not. */
#define R		     TRUE
#define O		     FALSE
#define AT(object, member)   offsetof(struct object, member)
#define SIZE(object, member) sizeof(((struct object *)0)->member)

#define TEXT(json, need, object, member)                                       \
	{                                                                      \
		.name = json, .kind = FIELD_TEXT, .required = need,            \
		.offset = AT(object, member), .size = SIZE(object, member)     \
	}
#define NUMBER(json, need, object, member, low, high)                          \
	{                                                                      \
		.name = json, .kind = FIELD_NUMBER, .required = need,          \
		.offset = AT(object, member), .min = low, .max = high          \
	}
#define SIGNED(json, need, object, member, low, high)                          \
	{                                                                      \
		.name = json, .kind = FIELD_SIGNED, .required = need,          \
		.offset = AT(object, member), .min = low, .max = high          \
	}
#define TIME(json, need, object, member)                                       \
	{                                                                      \
		.name = json, .kind = FIELD_WIDE, .required = need,            \
		.offset = AT(object, member), .min = 0, .max = MAX_TIME        \
	}
#define DOUBLE(json, need, object, member, low, high)                          \
	{                                                                      \
		.name = json, .kind = FIELD_DOUBLE, .required = need,          \
		.offset = AT(object, member), .min = low, .max = high          \
	}
#define FLAG(json, object, member)                                             \
	{                                                                      \
		.name = json, .kind = FIELD_FLAG, .offset = AT(object, member) \
	}
#define WORD(json, need, object, member, list)                                 \
	{                                                                      \
		.name = json, .kind = FIELD_WORD, .required = need,            \
		.offset = AT(object, member), .words = list                    \
	}
#define BYTES(json, need, object, member)                                      \
	{                                                                      \
		.name = json, .kind = FIELD_BYTES, .required = need,           \
		.offset = AT(object, member), .size = SIZE(object, member)     \
	}
#define BLOB(json, need, object, member, high)                                 \
	{                                                                      \
		.name = json, .kind = FIELD_BLOB, .required = need,            \
		.offset = AT(object, member), .max = high                      \
	}
#define STRUCT(json, object, member, table)                                    \
	{                                                                      \
		.name = json, .kind = FIELD_STRUCT, .required = R,             \
		.offset = AT(object, member), .fields = table                  \
	}
#define MAYBE(json, object, member, has, table)                                \
	{                                                                      \
		.name = json, .kind = FIELD_STRUCT,                            \
		.offset = AT(object, member), .fields = table,                 \
		.count = AT(object, has)                                       \
	}
#define ITEMS(json, object, member, n, high, table)                            \
	{                                                                      \
		.name = json, .kind = FIELD_ITEMS,                             \
		.offset = AT(object, member), .size = SIZE(object, member[0]), \
		.max = high, .fields = table, .count = AT(object, n)           \
	}
#define LIST(json, object, member, n, high, table)                             \
	{                                                                      \
		.name = json, .kind = FIELD_LIST,                              \
		.offset = AT(object, member), .size = SIZE(object, member[0]), \
		.max = high, .fields = table, .count = AT(object, n)           \
	}
#define END                                                                    \
	{                                                                      \
		0                                                              \
	}

/* The year 9999, in ms. */
#define MAX_TIME     G_GINT64_CONSTANT(253402300799000)
#define MAX_PEOPLE   1000000
#define MAX_RTT_MS   1000000
#define MAX_PT	     127 /* tools may use any that is not RTCP's */
#define MAX_LEVEL_ID 14	 /* RFC 8285 4.2 */

static const char *const nets[] = { "private", "global", NULL };
static const char *const vias[] = { "mail", "tool", NULL };
static const char *const suites[] = { "plain", "gcm", "cm", NULL };
static const char *const directions[] = { "inactive", "sendonly", "recvonly",
					  "sendrecv", NULL };
static const char *const member_roles[] = { "member", "moderator", "listener",
					    NULL };
static const char *const states[] = { "invited", "here", "gone", NULL };
static const char *const roles[] = { "parent", "child", "alternate", "vice",
				     NULL };
static const char *const ends[] = { "quiet",	"kicked", "ended",
				    "replaced", "moved",  NULL };
static const char *const parents[] = { "up", "alternate", "down", NULL };
static const char *const gones[] = {
	"no", "bye", "lost", "moved", "full", NULL
};

static const struct json_field candidate_fields[] = {
	TEXT("p", R, ipsp_candidate, transport),
	TEXT("a", O, ipsp_candidate, address),
	{ .name = "n",
	  .kind = FIELD_PORT,
	  .offset = AT(ipsp_candidate, port),
	  .max = G_MAXUINT16 },
	TEXT("u", O, ipsp_candidate, url),
	END,
};

static const struct json_field gate_fields[] = {
	TEXT("id", R, ipsp_gate, id),
	FLAG("local", ipsp_gate, local),
	ITEMS("cand", ipsp_gate, candidates, n_candidates, IPSP_MAX_CANDIDATES,
	      candidate_fields),
	END,
};

static const struct json_field worker_fields[] = {
	ITEMS("cand", document_worker, candidates, n_candidates,
	      IPSP_MAX_CANDIDATES, candidate_fields),
	NUMBER("sessions", O, document_worker, sessions, 0, MAX_PEOPLE),
	DOUBLE("stress", O, document_worker, stress, 0, 1),
	FLAG("open", document_worker, open),
	END,
};

static const struct json_field lent_fields[] = {
	TEXT("room", R, document_lent, room),
	TEXT("lender", R, document_lent, lender),
	END,
};

static const struct json_field site_fields[] = {
	TEXT("site", R, document_site, site),
	TEXT("instance", R, document_site, instance),
	TEXT("host", O, document_site, host),
	WORD("net", R, document_site, net, nets),
	LIST("workers", document_site, workers, n_workers,
	     DOCUMENTS_MAX_WORKERS, worker_fields),
	NUMBER("gates", R, document_site, gates, 0, MAX_PEOPLE),
	NUMBER("sessions_per_gate", R, document_site, sessions_per_gate, 1,
	       MAX_PEOPLE),
	NUMBER("used", O, document_site, used, 0, MAX_PEOPLE),
	FLAG("draining", document_site, draining),
	TIME("since", O, document_site, since),
	TEXT("release", O, document_site, release),
	NUMBER("proto_min", R, document_site, protocol_min, 0, G_MAXUINT16),
	NUMBER("proto_max", R, document_site, protocol_max, 0, G_MAXUINT16),
	MAYBE("lent", document_site, lent, has_lent, lent_fields),
	END,
};

static const struct json_field owner_fields[] = {
	TEXT("bridge", R, document_owner, bridge),
	TEXT("host", O, document_owner, host),
	TEXT("web", O, document_owner, web),
	TIME("since", O, document_owner, since),
	END,
};

static const struct json_field place_fields[] = {
	TEXT("site", R, document_place, site),
	NUMBER("worker", O, document_place, worker, 0, DOCUMENTS_MAX_WORKERS),
	TEXT("gate", R, document_place, gate),
	NUMBER("k", R, document_place, k, 0, DOCUMENTS_MAX_PLACES),
	END,
};

static const struct json_field tool_fields[] = {
	STRUCT("addr", document_tool, address, candidate_fields),
	WORD("suite", R, document_tool, suite, suites),
	WORD("dir", R, document_tool, direction, directions),
	NUMBER("bitrate", O, document_tool, bitrate, 0, G_MAXUINT32),
	TEXT("cname", R, document_tool, cname),
	END,
};

static const struct json_field offer_fields[] = {
	TEXT("lender", R, document_offer, lender),
	STRUCT("pg", document_offer, gate, gate_fields),
	END,
};

static const struct json_field member_fields[] = {
	NUMBER("origin", R, document_member, origin, 0, G_MAXUINT32),
	TEXT("address", R, document_member, address),
	TEXT("name", O, document_member, name),
	TEXT("device", O, document_member, device),
	WORD("via", R, document_member, via, vias),
	WORD("state", R, document_member, state, states),
	WORD("role", O, document_member, role, member_roles),
	FLAG("muted", document_member, muted),
	FLAG("self_muted", document_member, self_muted),
	NUMBER("volume", R, document_member, volume, 0, ROOM_MAX_VOLUME),
	TIME("since", O, document_member, since),
	TIME("deadline", O, document_member, deadline),
	STRUCT("place", document_member, place, place_fields),
	MAYBE("standby", document_member, standby, has_standby, place_fields),
	NUMBER("next_k", R, document_member, next_k, 0, DOCUMENTS_MAX_PLACES),
	TEXT("sealed", O, document_member, sealed),
	NUMBER("pt", O, document_member, payload_type, 0, MAX_PT),
	NUMBER("lv", O, document_member, level_id, 0, MAX_LEVEL_ID),
	FLAG("srtp", document_member, srtp),
	MAYBE("tool", document_member, tool, has_tool, tool_fields),
	BYTES("token", O, document_member, token),
	NUMBER("talked_s", O, document_member, talked_s, 0, G_MAXUINT32),
	TIME("hand_ms", O, document_member, hand_ms),
	FLAG("floor", document_member, has_floor),
	TIME("floor_until_ms", O, document_member, floor_until_ms),
	FLAG("mute_after", document_member, mute_after),
	NUMBER("heard", O, document_member, heard, 0, G_MAXUINT32),
	MAYBE("offer", document_member, offer, has_offer, offer_fields),
	END,
};

static const struct json_field sound_fields[] = {
	NUMBER("talkers", O, document_sound, talkers, 0, ROOM_MAX_CAPACITY),
	NUMBER("bitrate", R, document_sound, bitrate, 6000, 510000),
	FLAG("stereo", document_sound, stereo),
	FLAG("denoise", document_sound, denoise),
	FLAG("agc", document_sound, agc),
	END,
};

static const struct json_field trunk_fields[] = {
	TEXT("id", R, document_trunk, id),
	WORD("role", R, document_trunk, role, roles),
	TEXT("site", R, document_trunk, site),
	ITEMS("addr", document_trunk, addresses, n_addresses,
	      IPSP_MAX_CANDIDATES, candidate_fields),
	BYTES("salt", R, document_trunk, salt),
	NUMBER("proto", R, document_trunk, protocol, 0, G_MAXUINT16),
	END,
};

static const struct json_field want_hub_fields[] = {
	TEXT("instance", R, document_want_hub, instance),
	NUMBER("plan", R, document_want_hub, plan, 0, G_MAXUINT32),
	NUMBER("hub", R, document_want_hub, hub, 0, G_MAXUINT32),
	NUMBER("worker", O, document_want_hub, worker, 0,
	       DOCUMENTS_MAX_WORKERS),
	STRUCT("sound", document_want_hub, sound, sound_fields),
	LIST("trunks", document_want_hub, trunks, n_trunks,
	     DOCUMENTS_MAX_TRUNKS, trunk_fields),
	FLAG("root", document_want_hub, root),
	FLAG("vice", document_want_hub, vice),
	END,
};

static const struct json_field alternate_fields[] = {
	NUMBER("k", R, document_alternate, k, 0, DOCUMENTS_MAX_PLACES),
	STRUCT("pg", document_alternate, gate, gate_fields),
	END,
};

static const struct json_field ending_fields[] = {
	WORD("why", R, document_ending, why, ends),
	TEXT("text", O, document_ending, text),
	END,
};

static const struct json_field said_fields[] = {
	TEXT("m", R, document_said, json),
	END,
};

static const struct json_field heard_fields[] = {
	TEXT("m", R, document_heard, json),
	END,
};

static const struct json_field want_session_fields[] = {
	TEXT("instance", R, document_want_session, instance),
	NUMBER("worker", O, document_want_session, worker, 0,
	       DOCUMENTS_MAX_WORKERS),
	TEXT("gate", R, document_want_session, gate),
	NUMBER("origin", R, document_want_session, origin, 0, G_MAXUINT32),
	FLAG("standby", document_want_session, standby),
	TEXT("sealed", R, document_want_session, sealed),
	NUMBER("pt", R, document_want_session, payload_type, 0, MAX_PT),
	NUMBER("lv", O, document_want_session, level_id, 0, MAX_LEVEL_ID),
	FLAG("srtp", document_want_session, srtp),
	FLAG("muted", document_want_session, muted),
	NUMBER("volume", R, document_want_session, volume, 0, ROOM_MAX_VOLUME),
	MAYBE("tool", document_want_session, tool, has_tool, tool_fields),
	MAYBE("alternate", document_want_session, alternate, has_alternate,
	      alternate_fields),
	MAYBE("end", document_want_session, end, has_end, ending_fields),
	NUMBER("said", O, document_want_session, said, 0, G_MAXUINT32),
	ITEMS("says", document_want_session, says, n_says, DOCUMENTS_MAX_SAID,
	      said_fields),
	MAYBE("offer", document_want_session, offer, has_offer, offer_fields),
	END,
};

static const struct json_field secret_fields[] = {
	TEXT("stun", O, document_secret, stun_password),
	BYTES("c2b", R, document_secret, srtp_c2b),
	BYTES("b2c", R, document_secret, srtp_b2c),
	NUMBER("ssrc_c2b", R, document_secret, ssrc_c2b, 0, G_MAXUINT32),
	NUMBER("ssrc_b2c", R, document_secret, ssrc_b2c, 0, G_MAXUINT32),
	BYTES("ctl", O, document_secret, ctl),
	BYTES("prk", O, document_secret, prk),
	BYTES("t_in", O, document_secret, tool_in),
	BYTES("t_out", O, document_secret, tool_out),
	END,
};

static const struct json_field trunk_status_fields[] = {
	TEXT("id", R, document_trunk_status, id),
	FLAG("up", document_trunk_status, up),
	DOUBLE("loss", O, document_trunk_status, loss, 0, 1),
	DOUBLE("rtt_ms", O, document_trunk_status, rtt_ms, -1, MAX_RTT_MS),
	NUMBER("proto", O, document_trunk_status, protocol, 0, G_MAXUINT16),
	END,
};

static const struct json_field talker_fields[] = {
	NUMBER("o", R, document_talker, origin, 0, G_MAXUINT32),
	SIGNED("l", R, document_talker, level_dbov, -127, 0),
	END,
};

static const struct json_field status_hub_fields[] = {
	NUMBER("plan", R, document_status_hub, plan, 0, G_MAXUINT32),
	WORD("parent", R, document_status_hub, parent, parents),
	FLAG("root", document_status_hub, root),
	LIST("trunks", document_status_hub, trunks, n_trunks,
	     DOCUMENTS_MAX_TRUNKS, trunk_status_fields),
	LIST("talkers", document_status_hub, talkers, n_talkers,
	     DOCUMENTS_MAX_TALKERS, talker_fields),
	END,
};

static const struct json_field figure_fields[] = {
	DOUBLE("loss", O, member_figures, loss, -1, 1),
	DOUBLE("late", O, member_figures, late, -1, 1),
	DOUBLE("concealed", O, member_figures, concealed, -1, 1),
	DOUBLE("recovered", O, member_figures, recovered, -1, 1),
	DOUBLE("jitter_ms", O, member_figures, jitter_ms, -1, MAX_RTT_MS),
	DOUBLE("buffer_ms", O, member_figures, buffer_ms, -1, MAX_RTT_MS),
	DOUBLE("mos", O, member_figures, mos, -1, 5),
	END,
};

static const struct json_field figures_fields[] = {
	STRUCT("in", media_figures, in, figure_fields),
	STRUCT("out", media_figures, out, figure_fields),
	DOUBLE("rtt_ms", O, media_figures, round_trip_ms, -1, MAX_RTT_MS),
	NUMBER("talked_s", O, media_figures, talked_s, 0, G_MAXUINT32),
	NUMBER("silent_s", O, media_figures, silent_s, 0, G_MAXUINT32),
	FLAG("talking", media_figures, talking),
	END,
};

static const struct json_field status_session_fields[] = {
	TEXT("path", O, document_status_session, path),
	TIME("since", O, document_status_session, since),
	WORD("gone", O, document_status_session, gone, gones),
	FLAG("self_muted", document_status_session, self_muted),
	NUMBER("heard", O, document_status_session, heard, 0, G_MAXUINT32),
	ITEMS("hears", document_status_session, hears, n_hears,
	      DOCUMENTS_MAX_HEARD, heard_fields),
	MAYBE("figures", document_status_session, figures, has_figures,
	      figures_fields),
	END,
};

static const struct json_field answer_fields[] = {
	TEXT("name", R, document_answer, name),
	TEXT("from", O, document_answer, envelope_from),
	TEXT("to", R, document_answer, recipient),
	BLOB("mail", R, document_answer, mail, DOCUMENTS_MAX_MAIL),
	TIME("expires", O, document_answer, expires),
	TIME("until", R, document_answer, until),
	BLOB("id", R, document_answer, id, DOCUMENTS_MAX_NAME),
	BLOB("sender", O, document_answer, sender, DOCUMENTS_MAX_NAME),
	BYTES("digest", R, document_answer, digest),
	TEXT("did", O, document_answer, did),
	TEXT("room", O, document_answer, room),
	TEXT("address", O, document_answer, address),
	TEXT("person", O, document_answer, person),
	TEXT("device", O, document_answer, device),
	BLOB("invite", O, document_answer, invite, IPSP_MAX_PART),
	BLOB("answer", O, document_answer, answer, IPSP_MAX_PART),
	TIME("deadline", O, document_answer, deadline),
	FLAG("seated", document_answer, seated),
	END,
};

static const struct {
	const struct json_field *fields;
	gsize size;
} kinds[DOCUMENT_KINDS] = {
	[DOCUMENT_SITE] = { site_fields, sizeof(struct document_site) },
	[DOCUMENT_OWNER] = { owner_fields, sizeof(struct document_owner) },
	[DOCUMENT_MEMBER] = { member_fields, sizeof(struct document_member) },
	[DOCUMENT_WANT_HUB] = { want_hub_fields,
				sizeof(struct document_want_hub) },
	[DOCUMENT_WANT_SESSION] = { want_session_fields,
				    sizeof(struct document_want_session) },
	[DOCUMENT_STATUS_HUB] = { status_hub_fields,
				  sizeof(struct document_status_hub) },
	[DOCUMENT_STATUS_SESSION] = { status_session_fields,
				      sizeof(struct document_status_session) },
	[DOCUMENT_ANSWER] = { answer_fields, sizeof(struct document_answer) },
};

char *document_write(enum document_kind kind, gconstpointer doc)
{
	return json_fields_write(kinds[kind].fields, doc);
}

gboolean document_read(enum document_kind kind, gpointer doc_r,
		       const char *text, gsize length, GError **error)
{
	return json_fields_read(kinds[kind].fields, doc_r, kinds[kind].size,
				text, length, error);
}

void document_clear(enum document_kind kind, gpointer doc)
{
	json_fields_clear(kinds[kind].fields, doc);
}

static void wipe_and_free(gpointer text)
{
	explicit_bzero(text, strlen(text));
	g_free(text);
}

GBytes *document_secret_write(const struct document_secret *secret)
{
	char *text = json_fields_write(secret_fields, secret);

	return g_bytes_new_with_free_func(text, strlen(text), wipe_and_free,
					  text);
}

gboolean document_secret_read(struct document_secret *secret_r, GBytes *text,
			      GError **error)
{
	gsize length;
	const char *data = g_bytes_get_data(text, &length);

	return json_fields_read(secret_fields, secret_r, sizeof(*secret_r),
				data ? data : "", length, error);
}

double document_site_stress(const struct document_site *doc)
{
	double most = 0;

	for (guint i = 0; i < doc->n_workers; i++)
		most = MAX(most, doc->workers[i].stress);
	return most;
}
