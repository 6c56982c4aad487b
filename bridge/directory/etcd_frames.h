/* etcd_frames - the JSON objects of a stream of etcd's gateway, one on each
 * line, out of bytes that are cut anywhere. etcd is not trusted with our
 * memory: a line is at most ETCD_MAX_LINE bytes. */
#ifndef BRIDGE_DIRECTORY_ETCD_FRAMES_H
#define BRIDGE_DIRECTORY_ETCD_FRAMES_H

#include <glib.h>
#include <jansson.h>

/* etcd sends fragments of 1.5 MiB, and base64 makes a third more of them. */
#define ETCD_MAX_LINE (8 * 1024 * 1024)

struct etcd_frames {
	GByteArray *bytes;
	guint at;      /* bytes before it were taken */
	guint scanned; /* up to here there is no end of a line */
};

void etcd_frames_init(struct etcd_frames *frm);
void etcd_frames_fini(struct etcd_frames *frm);

void etcd_frames_put(struct etcd_frames *frm, const void *bytes, gsize size);
/* Bytes that wait to be taken. */
gsize etcd_frames_size(const struct etcd_frames *frm);
/* The next whole object (caller owns), or NULL: with error when the line is
 * too long or no object, else when more bytes are needed. */
json_t *etcd_frames_next(struct etcd_frames *frm, GError **error);

#endif
