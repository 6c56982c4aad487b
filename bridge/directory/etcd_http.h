/* etcd_http - requests to the one of etcd's members that is in use: POSTs of
 * JSON on the GLib loop, whose answer is one object or a stream of them. */
#ifndef BRIDGE_DIRECTORY_ETCD_HTTP_H
#define BRIDGE_DIRECTORY_ETCD_HTTP_H

#include <glib.h>
#include <jansson.h>

#include "bridge/directory/directory.h"
#include "signaling/curl_loop.h"

struct etcd_http {
	struct directory *dir; /* for its context */
	struct curl_loop *loop;
	GStrv urls;
	guint n_urls, at; /* urls[at] is in use */
	char *ca, *certificate, *key;
	char *token; /* NULL: none */
};

/* Copies what cfg says; error when a file cannot be read or a URL is none. */
gboolean etcd_http_init(struct etcd_http *http, struct directory *dir,
			const struct directory_config *cfg, GError **error);
/* Takes a zeroed struct. */
void etcd_http_fini(struct etcd_http *http);
const char *etcd_http_url(const struct etcd_http *http);

struct etcd_call;

/* Either answer or error (ETCD_ERROR: a sentence without its subject, which
 * is the etcd at etcd_http_url()). Both stay the caller's. The call may be
 * destroyed from here. */
typedef void (*etcd_answer_func)(const json_t *answer, const GError *error,
				 void *arg);

/* POSTs body (taken) to path, like "/v3/kv/range". One answer, or ETCD_AWAY
 * after timeout_ms. */
struct etcd_call *etcd_call_create(struct etcd_http *http, const char *path,
				   json_t *body, guint timeout_ms,
				   etcd_answer_func func, void *arg);
/* The same with any number of answers, until one is an error: that the stream
 * has ended is one. */
struct etcd_call *etcd_stream_create(struct etcd_http *http, const char *path,
				     json_t *body, etcd_answer_func func,
				     void *arg);
/* Accepts NULL; sets *callp to NULL. Nothing is told afterwards. */
void etcd_call_destroy(struct etcd_call **callp);

/* Blocks for at most timeout_ms; the answer does not matter. */
void etcd_call_and_wait(struct etcd_http *http, const char *path, json_t *body,
			guint timeout_ms);

#endif
