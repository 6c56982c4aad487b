#include "signaling/ipsp.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <string.h>

#include "signaling/text.h"

#define DEFAULT_KEEP_S 15
#define MAX_TIME       G_GINT64_CONSTANT(253402300799) /* the year 9999 */
#define MAX_PEOPLE     100000
#define MAX_RETRY_S    86400
#define FRAME_MS       20
#define MIN_DYNAMIC_PT 96 /* RFC 3551 6 */
#define MAX_PT	       127
#define MAX_LEVEL_ID   14 /* RFC 8285 4.2 */
#define MAX_PLACE      1000000

G_DEFINE_QUARK(ipsp - error - quark, ipsp_error)

/* The part being read. The first member that is not as it must be is kept,
 * and looked at once, at the end. */
struct reader {
	json_t *root;
	const char *wrong;
};

typedef void read_fn(struct reader *rd, struct ipsp_message *msg);

static void mark_wrong(struct reader *rd, const char *name)
{
	if (!rd->wrong)
		rd->wrong = name;
}

enum presence { OPTIONAL, REQUIRED };

/* The member of that type, or NULL; every other type is wrong. */
static json_t *member(struct reader *rd, json_t *object, const char *name,
		      json_type type, enum presence presence)
{
	json_t *value = json_object_get(object, name);

	if (value && json_typeof(value) == type)
		return value;
	if (value || presence == REQUIRED)
		mark_wrong(rd, name);
	return NULL;
}

/* Strings are one line each: what is shown to people later cannot steer
 * their terminals. */
static void read_string(struct reader *rd, json_t *object, const char *name,
			char *buf, gsize cap, enum presence presence)
{
	json_t *value = member(rd, object, name, JSON_STRING, presence);
	g_autofree char *text = NULL;

	if (!value)
		return;
	/* As it would be written: text_line(). */
	text = g_strstrip(g_strdup(json_string_value(value)));
	if (json_string_length(value) >= cap || !text_is_line(text) ||
	    (presence == REQUIRED && !*text))
		mark_wrong(rd, name);
	else
		g_strlcpy(buf, text, cap);
}

static gint64 read_integer(struct reader *rd, json_t *object, const char *name,
			   gint64 min, gint64 max, enum presence presence)
{
	json_t *value = member(rd, object, name, JSON_INTEGER, presence);

	if (!value)
		return 0;
	if (json_integer_value(value) < min ||
	    json_integer_value(value) > max) {
		mark_wrong(rd, name);
		return 0;
	}
	return json_integer_value(value);
}

static void read_bytes32(struct reader *rd, const char *name, guint8 *bytes_r,
			 enum presence presence)
{
	char text[44] = "";

	read_string(rd, rd->root, name, text, sizeof(text), presence);
	if (*text && !keys_base64url_decode(text, bytes_r, 32))
		mark_wrong(rd, name);
}

static void read_address(struct reader *rd, const char *name, char *buf,
			 gsize cap)
{
	read_string(rd, rd->root, name, buf, cap, REQUIRED);
	if (*buf && !strchr(buf, '@'))
		mark_wrong(rd, name);
}

static void read_life(struct reader *rd, struct ipsp_message *msg,
		      enum presence presence, gint64 longest_s)
{
	msg->issued = read_integer(rd, rd->root, "iat", 1, MAX_TIME, presence);
	msg->expires = read_integer(rd, rd->root, "exp", 1, MAX_TIME, presence);
	if (longest_s && (msg->expires <= msg->issued ||
			  msg->expires - msg->issued > longest_s))
		mark_wrong(rd, "exp");
}

static gboolean is_opus(json_t *codec)
{
	return json_is_string(codec) &&
	       !g_ascii_strcasecmp(json_string_value(codec), "opus/48000/2");
}

static gboolean offers_opus(json_t *codecs)
{
	gsize i;
	json_t *codec;

	json_array_foreach(codecs, i, codec) if (is_opus(codec)) return TRUE;
	return FALSE;
}

/* The first entry for sound with Opus in 20 ms packets: INVITE lists the
 * codecs it can do, OK names the one it chose. Other entries are for later
 * versions. */
static json_t *read_media(struct reader *rd, struct ipsp_message *msg)
{
	json_t *media = member(rd, rd->root, "media", JSON_ARRAY, REQUIRED);
	gsize i;
	json_t *entry;

	json_array_foreach(media, i, entry)
	{
		const char *type =
			json_string_value(json_object_get(entry, "t"));
		json_t *ptime = json_object_get(entry, "ptime");
		json_t *codecs = json_object_get(entry, "c");

		if (!type || strcmp(type, "audio") != 0 ||
		    (ptime && json_integer_value(ptime) != FRAME_MS))
			continue;
		if (offers_opus(codecs) || is_opus(codecs)) {
			msg->audio_opus = TRUE;
			msg->level_id = (guint8)read_integer(
				rd, entry, "lv", 1, MAX_LEVEL_ID, OPTIONAL);
			return entry;
		}
	}
	return NULL;
}

/* Of a WebSocket, RFC 6455 section 3: visible ASCII alone, RFC 3986. */
static gboolean is_websocket_url(const char *text)
{
	if (!g_str_has_prefix(text, "wss://") &&
	    !g_str_has_prefix(text, "ws://"))
		return FALSE;
	for (const char *p = text; *p; p++)
		if (!g_ascii_isgraph(*p))
			return FALSE;
	return TRUE;
}

/* FALSE for what this version cannot use: it is left out, not refused. */
static gboolean read_candidate(json_t *entry, struct ipsp_candidate *cand_r)
{
	const char *transport = json_string_value(json_object_get(entry, "p"));
	const char *address = json_string_value(json_object_get(entry, "a"));
	const char *url = json_string_value(json_object_get(entry, "u"));
	json_int_t port = json_integer_value(json_object_get(entry, "n"));
	guint8 literal[16];

	memset(cand_r, 0, sizeof(*cand_r));
	if (!g_strcmp0(transport, "udp") && address && port >= 1 &&
	    port <= G_MAXUINT16 &&
	    (inet_pton(AF_INET, address, literal) == 1 ||
	     inet_pton(AF_INET6, address, literal) == 1)) {
		g_strlcpy(cand_r->address, address, sizeof(cand_r->address));
		cand_r->port = (guint16)port;
	} else if (!g_strcmp0(transport, "wss") && url &&
		   strlen(url) < sizeof(cand_r->url) && is_websocket_url(url)) {
		g_strlcpy(cand_r->url, url, sizeof(cand_r->url));
	} else {
		return FALSE;
	}
	g_strlcpy(cand_r->transport, transport, sizeof(cand_r->transport));
	return TRUE;
}

static guint read_candidates(struct reader *rd, json_t *object,
			     struct ipsp_candidate *cands)
{
	json_t *list = member(rd, object, "cand", JSON_ARRAY, OPTIONAL);
	guint n = 0;
	gsize i;
	json_t *entry;

	json_array_foreach(list, i, entry)
	{
		if (n < IPSP_MAX_CANDIDATES && read_candidate(entry, &cands[n]))
			n++;
	}
	return n;
}

static void read_gate(struct reader *rd, json_t *entry,
		      struct ipsp_gate *gate_r)
{
	char kind[16] = "";

	memset(gate_r, 0, sizeof(*gate_r));
	read_string(rd, entry, "id", gate_r->id, sizeof(gate_r->id), REQUIRED);
	read_string(rd, entry, "k", kind, sizeof(kind), OPTIONAL);
	gate_r->local = !strcmp(kind, "local");
	gate_r->n_candidates = read_candidates(rd, entry, gate_r->candidates);
}

/* Those of an answer, or that a caller offers in his INVITE. A gate without a
 * candidate for this version is passed over, and an offer of another form. */
static void read_gates(struct reader *rd, struct ipsp_message *msg,
		       enum presence presence)
{
	json_t *list = member(rd, rd->root, "pg", JSON_ARRAY, presence);
	gsize i;
	json_t *entry;

	json_array_foreach(list, i, entry)
	{
		struct ipsp_gate *gate = &msg->gates[msg->n_gates];

		if (msg->n_gates == IPSP_MAX_GATES)
			break;
		if (presence == OPTIONAL && !json_is_object(entry))
			continue;
		read_gate(rd, entry, gate);
		gate->place = (guint)i;
		if (gate->n_candidates > 0)
			msg->n_gates++;
	}
	if (presence == REQUIRED && msg->n_gates == 0)
		mark_wrong(rd, "pg");
	/* A gate that was passed over has left its words behind. */
	if (msg->n_gates < IPSP_MAX_GATES)
		memset(&msg->gates[msg->n_gates], 0, sizeof(msg->gates[0]));
}

static void note_suite(struct ipsp_message *msg, json_t *suite)
{
	const char *name = json_string_value(suite);

	if (!g_strcmp0(name, IPSP_SUITE_AES128GCM))
		msg->suite_aes128gcm = TRUE;
	if (!g_strcmp0(name, IPSP_SUITE_PLAIN))
		msg->suite_plain = TRUE;
}

/* A caller's own: it asks for a seat, with a key. */
static void read_request(struct reader *rd, struct ipsp_message *msg)
{
	json_t *suites = member(rd, rd->root, "suite", JSON_ARRAY, REQUIRED);
	gsize i;
	json_t *suite;

	if (!*msg->device)
		mark_wrong(rd, "dev");
	read_life(rd, msg, REQUIRED, IPSP_INVITE_LIFE_S);
	json_array_foreach(suites, i, suite) note_suite(msg, suite);
	/* Another suite may have keys of another form. */
	if (msg->suite_aes128gcm || msg->suite_plain)
		read_bytes32(rd, "pk", msg->public_key, REQUIRED);
	read_media(rd, msg);
	msg->has_cancel_hash = json_object_get(rd->root, "cx") != NULL;
	read_bytes32(rd, "cx", msg->cancel_hash, OPTIONAL);
	read_string(rd, rd->root, "net", msg->net, sizeof(msg->net), OPTIONAL);
	read_string(rd, rd->root, "pin", msg->pin, sizeof(msg->pin), OPTIONAL);
	msg->n_candidates = read_candidates(rd, rd->root, msg->candidates);
	read_gates(rd, msg, OPTIONAL);
}

/* A room's calls somebody in, who sends one of his own. */
static void read_invite(struct reader *rd, struct ipsp_message *msg)
{
	if (g_ascii_strcasecmp(msg->address, msg->room) != 0 ||
	    !json_object_get(rd->root, "to")) {
		read_request(rd, msg);
		return;
	}
	read_life(rd, msg, REQUIRED, IPSP_INVITE_LIFE_S);
	read_address(rd, "to", msg->called, sizeof(msg->called));
}

static void read_ok(struct reader *rd, struct ipsp_message *msg)
{
	json_t *entry;

	read_life(rd, msg, REQUIRED, IPSP_OK_LIFE_S);
	note_suite(msg, member(rd, rd->root, "suite", JSON_STRING, REQUIRED));
	if (!msg->suite_aes128gcm && !msg->suite_plain)
		mark_wrong(rd, "suite");
	read_bytes32(rd, "pk", msg->public_key, REQUIRED);
	read_gates(rd, msg, REQUIRED);
	entry = read_media(rd, msg);
	if (!entry)
		mark_wrong(rd, "media");
	msg->payload_type = (guint8)read_integer(
		rd, entry, "pt", MIN_DYNAMIC_PT, MAX_PT, REQUIRED);
	msg->keep_s =
		(guint)read_integer(rd, rd->root, "keep", 1, 3600, OPTIONAL);
	if (!msg->keep_s)
		msg->keep_s = DEFAULT_KEEP_S;
}

static void read_refusal(struct reader *rd, struct ipsp_message *msg)
{
	read_life(rd, msg, OPTIONAL, 0);
	msg->code = (guint)read_integer(rd, rd->root, "code", 400, 699,
					msg->method == IPSP_REJECT ? REQUIRED
								   : OPTIONAL);
	msg->retry_s = (guint)read_integer(rd, rd->root, "retry", 0,
					   MAX_RETRY_S, OPTIONAL);
}

static void read_cancel(struct reader *rd, struct ipsp_message *msg)
{
	read_life(rd, msg, OPTIONAL, 0);
	read_bytes32(rd, "cx", msg->cancel_preimage, REQUIRED);
}

static void read_bye(struct reader *rd, struct ipsp_message *msg)
{
	read_life(rd, msg, OPTIONAL, 0);
}

/* The table of docs/ipsp.md, "Members". */
static const struct {
	const char *name;
	const char *address; /* the member that holds the other end */
	read_fn *read;
} methods[IPSP_METHODS] = {
	[IPSP_INVITE] = { "INVITE", "from", read_invite },
	[IPSP_OK] = { "OK", "to", read_ok },
	[IPSP_BUSY] = { "BUSY", "to", read_refusal },
	[IPSP_REJECT] = { "REJECT", "to", read_refusal },
	[IPSP_CANCEL] = { "CANCEL", "from", read_cancel },
	[IPSP_BYE] = { "BYE", "from", read_bye },
};

const char *ipsp_method_name(enum ipsp_method method)
{
	return methods[method].name;
}

static enum ipsp_method read_method(struct reader *rd)
{
	char name[32] = "";

	read_string(rd, rd->root, "m", name, sizeof(name), REQUIRED);
	for (int i = 0; i < IPSP_METHODS; i++)
		if (!strcmp(name, methods[i].name))
			return i;
	return IPSP_METHODS;
}

static void read_did(struct reader *rd, struct ipsp_message *msg)
{
	guint8 bytes[IPSP_DID_BYTES];

	read_string(rd, rd->root, "did", msg->did, sizeof(msg->did), REQUIRED);
	if (*msg->did &&
	    !keys_base64url_decode(msg->did, bytes, sizeof(bytes))) {
		*msg->did = '\0';
		mark_wrong(rd, "did");
	}
}

/* What every message of every version has: enough to refuse it by. */
static void read_common(struct reader *rd, struct ipsp_message *msg,
			enum ipsp_method method)
{
	const char *address =
		method < IPSP_METHODS ? methods[method].address : "from";

	msg->method = method < IPSP_METHODS ? method : IPSP_INVITE;
	read_did(rd, msg);
	read_address(rd, "room", msg->room, sizeof(msg->room));
	read_address(rd, address, msg->address, sizeof(msg->address));
}

static gboolean decode_object(struct ipsp_message *msg, json_t *root,
			      GError **error)
{
	struct reader rd = { .root = root };
	json_int_t version =
		read_integer(&rd, root, "ipsp", 1, G_MAXINT, REQUIRED);
	enum ipsp_method method = read_method(&rd);

	read_common(&rd, msg, method);
	if (!rd.wrong && version != IPSP_VERSION) {
		g_set_error(error, IPSP_ERROR, IPSP_ERROR_VERSION,
			    "the mail speaks IPSP/%" JSON_INTEGER_FORMAT
			    ", this program speaks IPSP/%d",
			    version, IPSP_VERSION);
		return FALSE;
	}
	if (!rd.wrong && method == IPSP_METHODS) {
		g_set_error_literal(error, IPSP_ERROR, IPSP_ERROR_METHOD,
				    "the IPSP part has a method that this "
				    "program does not know");
		return FALSE;
	}
	if (!rd.wrong) {
		read_string(&rd, root, "dev", msg->device, sizeof(msg->device),
			    OPTIONAL);
		msg->people = (guint)read_integer(&rd, root, "n", 0, MAX_PEOPLE,
						  OPTIONAL);
		msg->max = (guint)read_integer(&rd, root, "max", 0, MAX_PEOPLE,
					       OPTIONAL);
		read_string(&rd, root, "text", msg->text, sizeof(msg->text),
			    OPTIONAL);
		methods[method].read(&rd, msg);
	}
	if (rd.wrong)
		g_set_error(error, IPSP_ERROR, IPSP_ERROR_MALFORMED,
			    "the IPSP part's member \"%s\" is missing or not "
			    "as the specification wants it",
			    rd.wrong);
	return !rd.wrong;
}

gboolean ipsp_decode(struct ipsp_message *msg_r, GBytes *part, GError **error)
{
	gsize size;
	const char *data = g_bytes_get_data(part, &size);
	json_error_t why;
	json_t *root;
	gboolean ok;

	memset(msg_r, 0, sizeof(*msg_r));
	if (size > IPSP_MAX_PART) {
		g_set_error(error, IPSP_ERROR, IPSP_ERROR_MALFORMED,
			    "the IPSP part has %zu bytes, more than %d", size,
			    IPSP_MAX_PART);
		return FALSE;
	}
	root = json_loadb(data ? data : "", size, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(root)) {
		g_set_error(error, IPSP_ERROR, IPSP_ERROR_MALFORMED,
			    "the IPSP part is not a JSON object (line %d)",
			    root ? 1 : why.line);
		json_decref(root);
		return FALSE;
	}
	ok = decode_object(msg_r, root, error);
	json_decref(root);
	return ok;
}

gboolean ipsp_decode_standby(struct ipsp_gate *gate_r, const char *json,
			     gsize size)
{
	json_t *root =
		size > IPSP_MAX_MESSAGE
			? NULL
			: json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
	struct reader rd = { .root = root };
	char type[16] = "";

	memset(gate_r, 0, sizeof(*gate_r));
	read_string(&rd, root, "t", type, sizeof(type), REQUIRED);
	if (!rd.wrong && !strcmp(type, "standby")) {
		read_gate(&rd, member(&rd, root, "pg", JSON_OBJECT, REQUIRED),
			  gate_r);
		gate_r->place = (guint)read_integer(&rd, root, "k", 1,
						    MAX_PLACE, REQUIRED);
	}
	json_decref(root);
	return !rd.wrong && gate_r->n_candidates;
}
