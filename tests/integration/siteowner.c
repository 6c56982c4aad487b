/* The part of a room's owner that needs keys, for the tests of sites: answers
 * an INVITE's JSON part and seals what the sites need to serve the caller.
 *
 *   siteowner SECRET INVITE GATES KEY...
 *
 * INVITE is a file; GATES a file with the "pg" of the OK as it is to be; the
 * n-th KEY is that of the directory under which place n is wanted. Prints
 * {"ok":base64 of the part,"lv":id,"sealed":[text...]}. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/directory/seal.h"
#include "bridge/documents.h"

#define PAYLOAD_TYPE 111
#define LIFE_S	     60

static void fail(const char *what, const GError *error)
{
	fprintf(stderr, "siteowner: %s: %s\n", what,
		error ? error->message : "no");
	exit(1);
}

static GBytes *file(const char *path)
{
	GError *error = NULL;
	char *text;
	gsize size;

	if (!g_file_get_contents(path, &text, &size, &error))
		fail(path, error);
	return g_bytes_new_take(text, size);
}

static void read_gates(const char *path, struct ipsp_message *ok)
{
	json_t *list = json_load_file(path, 0, NULL);

	ok->n_gates = (guint)json_array_size(list);
	for (guint i = 0; i < ok->n_gates; i++) {
		json_t *entry = json_array_get(list, i);
		struct ipsp_gate *gate = &ok->gates[i];
		struct ipsp_candidate *cand = &gate->candidates[0];

		gate->n_candidates = 1;
		g_strlcpy(gate->id,
			  json_string_value(json_object_get(entry, "id")),
			  sizeof(gate->id));
		if (json_object_get(entry, "u")) {
			g_strlcpy(cand->transport, "wss",
				  sizeof(cand->transport));
			g_strlcpy(
				cand->url,
				json_string_value(json_object_get(entry, "u")),
				sizeof(cand->url));
			continue;
		}
		g_strlcpy(cand->transport, "udp", sizeof(cand->transport));
		g_strlcpy(cand->address,
			  json_string_value(json_object_get(entry, "a")),
			  sizeof(cand->address));
		cand->port = (guint16)json_integer_value(
			json_object_get(entry, "n"));
	}
	json_decref(list);
}

static GBytes *compose(const struct ipsp_message *invite, const char *gates,
		       const struct keys_pair *pair)
{
	struct ipsp_message ok = {
		.method = IPSP_OK,
		.issued = g_get_real_time() / G_USEC_PER_SEC,
		.suite_aes128gcm = TRUE,
		.audio_opus = TRUE,
		.payload_type = PAYLOAD_TYPE,
		.level_id = invite->level_id,
		.keep_s = 15,
	};

	ok.expires = ok.issued + LIFE_S;
	g_strlcpy(ok.did, invite->did, sizeof(ok.did));
	g_strlcpy(ok.room, invite->room, sizeof(ok.room));
	g_strlcpy(ok.address, invite->address, sizeof(ok.address));
	memcpy(ok.public_key, pair->public_key, sizeof(ok.public_key));
	read_gates(gates, &ok);
	return ipsp_encode(&ok);
}

static char *seal_place(const struct seal *seal, const struct keys *keys,
			guint k, const char *key)
{
	struct document_secret secret = { 0 };
	g_autoptr(GBytes) text = NULL;

	g_strlcpy(secret.stun_password, keys->stun_password,
		  sizeof(secret.stun_password));
	memcpy(secret.srtp_c2b, keys->srtp_c2b, sizeof(secret.srtp_c2b));
	memcpy(secret.srtp_b2c, keys->srtp_b2c, sizeof(secret.srtp_b2c));
	keys_ssrcs(keys, k, &secret.ssrc_c2b, &secret.ssrc_b2c);
	text = document_secret_write(&secret);
	return seal_close(seal, key, text);
}

static void print_answer(const char *secret, const struct keys *keys,
			 GBytes *ok, guint level_id, char **names)
{
	SCOPED(seal) seal = seal_create(secret);
	gsize size;
	gconstpointer part = g_bytes_get_data(ok, &size);
	g_autofree char *base64 = g_base64_encode(part, size);

	printf("{\"ok\":\"%s\",\"lv\":%u,\"sealed\":[", base64, level_id);
	for (guint k = 0; names[k]; k++) {
		g_autofree char *sealed = seal_place(seal, keys, k, names[k]);

		printf("%s\"%s\"", k ? "," : "", sealed);
	}
	printf("]}\n");
}

int main(int argc, char **argv)
{
	g_autoptr(GBytes) part = NULL;
	g_autoptr(GBytes) ok = NULL;
	struct ipsp_message invite;
	struct keys_pair pair;
	struct keys keys;
	GError *error = NULL;

	if (argc < 5)
		fail("usage: SECRET INVITE GATES KEY...", NULL);
	part = file(argv[2]);
	if (!ipsp_decode(&invite, part, &error))
		fail("INVITE", error);
	keys_pair_generate(&pair);
	ok = compose(&invite, argv[3], &pair);
	if (!keys_derive(&keys, &pair, invite.public_key, part, ok, NULL,
			 &error))
		fail("keys", error);
	print_answer(argv[1], &keys, ok, invite.level_id, argv + 4);
	return 0;
}
