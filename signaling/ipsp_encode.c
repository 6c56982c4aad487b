/* The writing half of ipsp.h: members in the order of docs/ipsp.md, so that
 * the same message always gives the same bytes. */
#include "signaling/ipsp.h"

#include <jansson.h>
#include <openssl/rand.h>
#include <string.h>

#include "signaling/text.h"

#define FRAME_MS 20

/* Empty means absent. What a program of ours put in unwisely (a cut UTF-8
 * character, a line break) must not make the part unreadable. */
static void put_string(json_t *object, const char *name, const char *text)
{
	g_autofree char *line = text_line(text, strlen(text));

	if (*line)
		json_object_set_new(object, name, json_string(line));
}

/* Zero means absent. */
static void put_integer(json_t *object, const char *name, gint64 value)
{
	if (value)
		json_object_set_new(object, name, json_integer(value));
}

static void put_bytes32(json_t *object, const char *name, const guint8 *bytes)
{
	g_autofree char *text = keys_base64url(bytes, 32);

	json_object_set_new(object, name, json_string(text));
}

static json_t *candidates_json(const struct ipsp_candidate *cands, guint n)
{
	json_t *list = json_array();

	for (guint i = 0; i < n; i++) {
		json_t *entry = json_object();

		put_string(entry, "p", cands[i].transport);
		put_string(entry, "a", cands[i].address);
		put_integer(entry, "n", cands[i].port);
		put_string(entry, "u", cands[i].url);
		json_array_append_new(list, entry);
	}
	return list;
}

static json_t *gate_json(const struct ipsp_gate *gate, guint n_candidates)
{
	json_t *entry = json_object();

	put_string(entry, "id", gate->id);
	put_string(entry, "k", gate->local ? "local" : "center");
	json_object_set_new(entry, "cand",
			    candidates_json(gate->candidates, n_candidates));
	return entry;
}

static json_t *gates_json(const struct ipsp_message *msg)
{
	json_t *list = json_array();

	for (guint i = 0; i < msg->n_gates; i++)
		json_array_append_new(
			list,
			gate_json(&msg->gates[i], msg->gates[i].n_candidates));
	return list;
}

static void put_media(json_t *root, json_t *codec,
		      const struct ipsp_message *msg)
{
	json_t *entry = json_object();
	json_t *list = json_array();

	put_string(entry, "t", "audio");
	json_object_set_new(entry, "c", codec);
	put_integer(entry, "pt", msg->payload_type);
	put_integer(entry, "ptime", FRAME_MS);
	put_integer(entry, "lv", msg->level_id);
	json_array_append_new(list, entry);
	json_object_set_new(root, "media", list);
}

static void put_invite(json_t *root, const struct ipsp_message *msg)
{
	json_t *suites;

	if (*msg->called) {
		put_string(root, "to", msg->called);
		return;
	}
	suites = json_array();
	if (msg->suite_aes128gcm)
		json_array_append_new(suites,
				      json_string(IPSP_SUITE_AES128GCM));
	if (msg->suite_plain)
		json_array_append_new(suites, json_string(IPSP_SUITE_PLAIN));
	json_object_set_new(root, "suite", suites);
	put_bytes32(root, "pk", msg->public_key);
	if (msg->has_cancel_hash)
		put_bytes32(root, "cx", msg->cancel_hash);
	put_media(root, json_pack("[s]", "opus/48000/2"), msg);
	put_string(root, "pin", msg->pin);
	put_string(root, "net", msg->net);
	if (msg->n_candidates)
		json_object_set_new(
			root, "cand",
			candidates_json(msg->candidates, msg->n_candidates));
	if (msg->n_gates)
		json_object_set_new(root, "pg", gates_json(msg));
}

static void put_ok(json_t *root, const struct ipsp_message *msg)
{
	put_string(root, "suite",
		   msg->suite_plain ? IPSP_SUITE_PLAIN : IPSP_SUITE_AES128GCM);
	put_bytes32(root, "pk", msg->public_key);
	json_object_set_new(root, "pg", gates_json(msg));
	put_media(root, json_string("opus/48000/2"), msg);
	put_integer(root, "keep", msg->keep_s);
}

static void put_cancel(json_t *root, const struct ipsp_message *msg)
{
	put_bytes32(root, "cx", msg->cancel_preimage);
}

static void put_nothing(json_t *root, const struct ipsp_message *msg)
{
	(void)root;
	(void)msg;
}

static const struct {
	const char *address;
	void (*put)(json_t *root, const struct ipsp_message *msg);
} writers[IPSP_METHODS] = {
	[IPSP_INVITE] = { "from", put_invite },
	[IPSP_OK] = { "to", put_ok },
	[IPSP_BUSY] = { "to", put_nothing },
	[IPSP_REJECT] = { "to", put_nothing },
	[IPSP_CANCEL] = { "from", put_cancel },
	[IPSP_BYE] = { "from", put_nothing },
};

GBytes *ipsp_encode(const struct ipsp_message *msg)
{
	json_t *root = json_object();
	char *text;
	gsize size;

	put_integer(root, "ipsp", IPSP_VERSION);
	put_string(root, "m", ipsp_method_name(msg->method));
	put_string(root, "did", msg->did);
	put_string(root, "room", msg->room);
	put_string(root, writers[msg->method].address, msg->address);
	put_string(root, "dev", msg->device);
	put_integer(root, "iat", msg->issued);
	put_integer(root, "exp", msg->expires);
	writers[msg->method].put(root, msg);
	put_integer(root, "n", msg->people);
	put_integer(root, "max", msg->max);
	put_integer(root, "code", msg->code);
	put_integer(root, "retry", msg->retry_s);
	put_string(root, "text", msg->text);

	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (!text)
		g_error("ipsp: the JSON part could not be written");
	size = strlen(text);
	return g_bytes_new_with_free_func(text, size, free, text);
}

static char *standby_json(const struct ipsp_gate *gate, guint k,
			  guint n_candidates)
{
	json_t *root = json_object();
	char *text;

	put_string(root, "t", "standby");
	put_integer(root, "k", k);
	json_object_set_new(root, "pg", gate_json(gate, n_candidates));
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return text;
}

char *ipsp_encode_standby(const struct ipsp_gate *gate, guint k)
{
	guint n = gate->n_candidates;
	char *text = standby_json(gate, k, n);
	char *copy;

	while (n && strlen(text) > IPSP_MAX_MESSAGE) {
		free(text);
		text = standby_json(gate, k, --n);
	}
	copy = g_strdup(text);
	free(text);
	return copy;
}

void ipsp_did_generate(char did_r[IPSP_DID_LENGTH + 1])
{
	guint8 bytes[IPSP_DID_BYTES];
	g_autofree char *text = NULL;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		g_error("ipsp: the system gives no random bytes");
	text = keys_base64url(bytes, sizeof(bytes));
	g_strlcpy(did_r, text, IPSP_DID_LENGTH + 1);
}
