/* links: directory */
/* What etcd's gateway sends. The first byte says where the stream is cut:
 * however it is, the same messages come out as from the whole. Each object
 * is also read as every other answer that there is. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/directory/directory.h"
#include "bridge/directory/etcd_frames.h"
#include "bridge/directory/etcd_wire.h"

#define PREFIX "ipsp/1/"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(gboolean holds)
{
	if (!holds)
		abort();
}

static void check_kv(const struct etcd_kv *kv)
{
	gsize length = strlen(kv->key);

	require(length > 0 && length <= DIRECTORY_MAX_KEY);
	for (gsize i = 0; i < length; i++)
		require(g_ascii_isgraph(kv->key[i]));
	require(kv->created >= 0 && kv->modified >= 0 && kv->lease >= 0);
	require(!kv->value || (strlen(kv->value) <= DIRECTORY_MAX_VALUE &&
			       g_utf8_validate(kv->value, -1, NULL)));
}

static void describe_kvs(GString *told, const GPtrArray *kvs)
{
	for (guint i = 0; i < kvs->len; i++) {
		const struct etcd_kv *kv = kvs->pdata[i];

		check_kv(kv);
		g_string_append_printf(told, "%s=%s@%" G_GINT64_FORMAT ";",
				       kv->key, kv->value ? kv->value : "(no)",
				       kv->modified);
	}
}

static void read_message(GString *told, const json_t *obj)
{
	g_autoptr(GError) error = NULL;
	struct etcd_message msg;

	if (!etcd_wire_message(obj, PREFIX, &msg, &error)) {
		require(error && g_utf8_validate(error->message, -1, NULL));
		g_string_append(told, error->message);
		return;
	}
	require(!error && msg.revision >= 0 && msg.compacted >= 0);
	g_string_append_printf(told, "%d%d%d %" G_GINT64_FORMAT, msg.created,
			       msg.canceled, msg.fragment, msg.revision);
	describe_kvs(told, msg.kvs);
	etcd_message_fini(&msg);
}

static void read_as_answers(GString *told, const json_t *obj)
{
	g_autoptr(GError) error = etcd_wire_error(500, obj);
	g_autoptr(GError) ignored = NULL;
	g_autofree char *token = etcd_wire_token(obj, NULL);
	struct etcd_page page;
	struct etcd_outcome out;
	gint64 lease, seconds;

	require(error && error->message);
	for (const char *at = token; at && *at; at++)
		require(g_ascii_isgraph(*at));
	if (etcd_wire_lease_answer(obj, &lease, &seconds, &ignored))
		require(lease > 0 && seconds >= 0);
	if (etcd_wire_page(obj, PREFIX, &page, NULL)) {
		require(page.revision > 0 && (!page.more || page.last));
		describe_kvs(told, page.kvs);
		etcd_page_fini(&page);
	}
	if (etcd_wire_outcome(obj, PREFIX, &out, NULL)) {
		require(out.revision > 0);
		if (out.read)
			check_kv(out.read);
		etcd_outcome_fini(&out);
	}
}

/* FALSE: the stream is wrong from here on. */
static gboolean feed(struct etcd_frames *frm, GString *told, const void *bytes,
		     gsize size)
{
	g_autoptr(GError) error = NULL;
	json_t *obj;

	etcd_frames_put(frm, bytes, size);
	while ((obj = etcd_frames_next(frm, &error))) {
		read_message(told, obj);
		read_as_answers(told, obj);
		json_decref(obj);
	}
	return !error;
}

static void be_quiet(const char *domain, GLogLevelFlags level,
		     const char *message, gpointer data)
{
	(void)domain;
	(void)level;
	(void)message;
	(void)data;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct etcd_frames whole, cut;
	g_autoptr(GString) of_whole = g_string_new(NULL);
	g_autoptr(GString) of_cut = g_string_new(NULL);
	size_t piece = size ? data[0] % 64 + 1 : 1;
	gboolean right, cut_right = TRUE;

	/* A value that is no text is warned of. */
	g_log_set_default_handler(be_quiet, NULL);
	etcd_frames_init(&whole);
	etcd_frames_init(&cut);
	right = feed(&whole, of_whole, data, size);
	for (size_t at = 0; at < size && cut_right; at += piece)
		cut_right =
			feed(&cut, of_cut, data + at, MIN(piece, size - at));
	require(right == cut_right);
	require(g_string_equal(of_whole, of_cut));
	etcd_frames_fini(&whole);
	etcd_frames_fini(&cut);
	return 0;
}
