#include "bridge/browser.h"

#include <string.h>

#define REPEAT_MS 100 /* see dtls_repeat() */

struct browser {
	struct dtls *dtls;
	struct leg *leg;
	struct stream_config stream;
	guint timer; /* while hands are shaken */
	gboolean keyed;
};

static void send_all(struct browser *brs)
{
	guint8 buf[DTLS_MAX_DATAGRAM];
	gsize size;

	while ((size = dtls_output(brs->dtls, buf)))
		leg_send_dtls(brs->leg, buf, size);
}

/* Who is not there any more is found by his room: he has a minute to come. */
static gboolean repeat(gpointer data)
{
	struct browser *brs = data;

	if (dtls_repeat(brs->dtls) == DTLS_SHAKING) {
		send_all(brs);
		return G_SOURCE_CONTINUE;
	}
	brs->timer = 0;
	return G_SOURCE_REMOVE;
}

struct browser *browser_create(struct dtls_identity *idn,
			       const guint8 fingerprint[DTLS_FINGERPRINT],
			       struct leg *leg,
			       const struct stream_config *stream)
{
	struct browser *brs = g_new0(struct browser, 1);

	if (dtls_create(&brs->dtls, idn, fingerprint)) {
		g_free(brs);
		return NULL;
	}
	brs->leg = leg;
	brs->stream = *stream;
	brs->timer = g_timeout_add(REPEAT_MS, repeat, brs);
	return brs;
}

void browser_destroy(struct browser **brsp)
{
	struct browser *brs = *brsp;

	*brsp = NULL;
	if (!brs)
		return;
	g_clear_handle_id(&brs->timer, g_source_remove);
	dtls_destroy(&brs->dtls);
	explicit_bzero(brs, sizeof(*brs));
	g_free(brs);
}

/* Before our Finished is sent: what comes next is SRTP. */
static gboolean use_keys(struct browser *brs)
{
	struct dtls_keys keys;
	gboolean used;

	if (dtls_keys(brs->dtls, &keys))
		return FALSE;
	brs->stream.suite = keys.suite;
	memcpy(brs->stream.send_key, keys.send, sizeof(keys.send));
	memcpy(brs->stream.receive_key, keys.receive, sizeof(keys.receive));
	used = leg_set_keys(brs->leg, &brs->stream);
	explicit_bzero(brs->stream.send_key, sizeof(keys.send));
	explicit_bzero(brs->stream.receive_key, sizeof(keys.receive));
	explicit_bzero(&keys, sizeof(keys));
	return used;
}

enum dtls_state browser_take(struct browser *brs, const guint8 *buf, gsize size)
{
	enum dtls_state state = dtls_take(brs->dtls, buf, size);

	if (state == DTLS_UP && !brs->keyed) {
		g_clear_handle_id(&brs->timer, g_source_remove);
		brs->keyed = use_keys(brs);
		if (!brs->keyed)
			state = DTLS_FAILED;
	}
	send_all(brs);
	return state;
}
