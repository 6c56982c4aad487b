#include "bridge/directory/etcd_frames.h"

#include <string.h>

#include "bridge/directory/etcd_wire.h"

void etcd_frames_init(struct etcd_frames *frm)
{
	memset(frm, 0, sizeof(*frm));
	frm->bytes = g_byte_array_new();
}

void etcd_frames_fini(struct etcd_frames *frm)
{
	g_clear_pointer(&frm->bytes, g_byte_array_unref);
}

gsize etcd_frames_size(const struct etcd_frames *frm)
{
	return frm->bytes->len - frm->at;
}

void etcd_frames_put(struct etcd_frames *frm, const void *bytes, gsize size)
{
	/* What was taken is moved out of the way once it is the larger part. */
	if (frm->at > frm->bytes->len / 2) {
		g_byte_array_remove_range(frm->bytes, 0, frm->at);
		frm->scanned -= frm->at;
		frm->at = 0;
	}
	g_byte_array_append(frm->bytes, bytes, (guint)size);
}

static json_t *parse(const void *line, gsize size, GError **error)
{
	json_error_t why;
	json_t *obj = json_loadb(line, size, JSON_REJECT_DUPLICATES, &why);

	if (!json_is_object(obj)) {
		g_set_error(error, ETCD_ERROR, ETCD_AWAY,
			    "sends a line that is no JSON object");
		json_decref(obj);
		return NULL;
	}
	return obj;
}

json_t *etcd_frames_next(struct etcd_frames *frm, GError **error)
{
	const guint8 *start = frm->bytes->data + frm->at;
	const guint8 *end =
		frm->bytes->len == frm->scanned
			? NULL
			: memchr(frm->bytes->data + frm->scanned, '\n',
				 frm->bytes->len - frm->scanned);
	gsize size = end ? (gsize)(end - start) : etcd_frames_size(frm);

	if (size > ETCD_MAX_LINE) {
		g_set_error(error, ETCD_ERROR, ETCD_AWAY,
			    "sends a line of more than %d bytes",
			    ETCD_MAX_LINE);
		return NULL;
	}
	frm->scanned = frm->bytes->len;
	if (!end)
		return NULL;
	frm->at += size + 1;
	frm->scanned = frm->at;
	return parse(start, size, error);
}
