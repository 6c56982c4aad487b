#include "bridge/directory/etcd_http.h"

#include <gio/gio.h>
#include <string.h>

#include "bridge/directory/directory_kind.h"
#include "bridge/directory/etcd_frames.h"
#include "bridge/directory/etcd_wire.h"

#define CONNECT_MS   2000L
#define MAX_ANSWER   (32 * 1024 * 1024) /* twice a page of large values */
#define MAX_WAITING  (ETCD_MAX_LINE + 1024 * 1024)
#define TELLING_US   5000 /* of a stream, before others have their turn */
#define PROBE_IDLE_S 5L	  /* TCP asks whether a silent stream still lives */

struct etcd_call {
	struct etcd_http *http;
	CURL *easy;
	struct curl_slist *headers;
	char *body;
	gboolean stream;
	char why[CURL_ERROR_SIZE];
	GByteArray *answer;	   /* of one answer */
	struct etcd_frames frames; /* of a stream */
	gboolean paused;	   /* a stream that comes faster than we take */
	GSource *reading;	   /* while there may be something to tell */
	GError *end;		   /* the stream is over */
	gboolean *destroyed;	   /* told to who is telling */
	etcd_answer_func func;
	void *arg;
};

/* ---- Where it is ---- */

static gboolean readable(const char *path, const char *what, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) why = NULL;

	if (!path || g_file_get_contents(path, &text, NULL, &why))
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", what,
		    why->message);
	return FALSE;
}

static gboolean is_url(const char *url)
{
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);

	return uri && g_str_has_prefix(g_uri_get_scheme(uri), "http") &&
	       g_uri_get_host(uri) && *g_uri_get_host(uri);
}

gboolean etcd_http_init(struct etcd_http *http, struct directory *dir,
			const struct directory_config *cfg, GError **error)
{
	http->dir = dir;
	http->urls = g_strdupv((GStrv)cfg->urls);
	http->n_urls = g_strv_length(http->urls);
	http->ca = g_strdup(cfg->ca);
	http->certificate = g_strdup(cfg->certificate);
	http->key = g_strdup(cfg->key);
	for (guint i = 0; i < http->n_urls; i++)
		if (!is_url(http->urls[i])) {
			g_set_error(error, G_IO_ERROR,
				    G_IO_ERROR_INVALID_ARGUMENT,
				    "etcd_url %u is no http://HOST:PORT or "
				    "https://HOST:PORT",
				    i + 1);
			return FALSE;
		}
	if (!http->n_urls) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "etcd_url names no etcd");
		return FALSE;
	}
	if (!readable(http->ca, "etcd_ca", error) ||
	    !readable(http->certificate, "etcd_certificate", error) ||
	    !readable(http->key, "etcd_key", error))
		return FALSE;
	http->loop = curl_loop_ref();
	return TRUE;
}

void etcd_http_fini(struct etcd_http *http)
{
	g_strfreev(http->urls);
	g_free(http->ca);
	g_free(http->certificate);
	g_free(http->key);
	g_free(http->token);
	curl_loop_unref(&http->loop);
}

const char *etcd_http_url(const struct etcd_http *http)
{
	return http->urls[http->at];
}

/* ---- One call ---- */

static GError *stream_ended(void)
{
	return g_error_new(ETCD_ERROR, ETCD_AWAY, "has ended a stream");
}

/* A sentence for libcurl's result, without its subject. */
static GError *transport_error(const struct etcd_call *call, CURLcode result)
{
	const char *why = *call->why ? call->why : curl_easy_strerror(result);
	const char *what, *advice = "";

	switch (result) {
	case CURLE_OPERATION_TIMEDOUT:
		what = "does not answer in time";
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
		what = "shows a certificate that is not trusted";
		advice = "; see etcd_ca";
		break;
	case CURLE_SSL_CACERT_BADFILE:
		what = "cannot be trusted by what is in etcd_ca";
		break;
	case CURLE_SSL_CERTPROBLEM:
		what = "cannot be shown etcd_certificate and etcd_key";
		break;
	case CURLE_SSL_CONNECT_ERROR:
		what = "cannot be reached by TLS";
		advice = "; see etcd_url, etcd_certificate and etcd_key";
		break;
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
		what = "cannot be reached";
		advice = "; does it run, and is etcd_url right?";
		break;
	default:
		/* TLS 1.3: the server looks at it after the handshake. */
		if (strstr(why, "alert") && strstr(why, "certificate")) {
			what = "does not accept who we are";
			advice = "; see etcd_certificate and etcd_key";
		} else {
			what = "broke off";
		}
	}
	return g_error_new(ETCD_ERROR, ETCD_AWAY, "%s (%s)%s", what, why,
			   advice);
}

static void tell(struct etcd_call *call, const json_t *answer,
		 const GError *error)
{
	call->func(answer, error, call->arg);
}

static void read_soon(struct etcd_call *call);

/* All objects that are whole, and at last that it is over. */
static gboolean on_reading(void *data)
{
	struct etcd_call *call = data;
	gint64 until = g_get_monotonic_time() + TELLING_US;
	gboolean destroyed = FALSE;
	g_autoptr(GError) error = NULL;
	json_t *answer;

	directory_stop(&call->reading);
	call->destroyed = &destroyed;
	while ((answer = etcd_frames_next(&call->frames, &error))) {
		tell(call, answer, NULL);
		json_decref(answer);
		if (destroyed)
			return G_SOURCE_REMOVE;
		if (g_get_monotonic_time() > until)
			break;
	}
	call->destroyed = NULL;
	if (answer) {
		read_soon(call);
		return G_SOURCE_REMOVE;
	}
	if (!error)
		error = g_steal_pointer(&call->end);
	if (error) {
		tell(call, NULL, error);
	} else if (call->paused) {
		call->paused = FALSE;
		curl_easy_pause(call->easy, CURLPAUSE_CONT);
	}
	return G_SOURCE_REMOVE;
}

/* Not from inside libcurl: whoever is told may start and end other calls. */
static void read_soon(struct etcd_call *call)
{
	if (!call->reading)
		call->reading =
			directory_after(call->http->dir, 0, on_reading, call);
}

static size_t take(char *bytes, size_t one, size_t size, void *arg)
{
	struct etcd_call *call = arg;
	long status = 0;

	(void)one;
	/* A stream that was refused is answered by one error. */
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	if (!call->stream || status != 200) {
		if (call->answer->len + size > MAX_ANSWER)
			return CURL_WRITEFUNC_ERROR;
		g_byte_array_append(call->answer, (guint8 *)bytes, (guint)size);
		return size;
	}
	read_soon(call);
	if (etcd_frames_size(&call->frames) + size > MAX_WAITING) {
		call->paused = TRUE;
		return CURL_WRITEFUNC_PAUSE;
	}
	etcd_frames_put(&call->frames, bytes, size);
	return size;
}

/* NULL: it is no object. */
static json_t *parse_answer(const struct etcd_call *call)
{
	json_t *answer =
		json_loadb((char *)call->answer->data, call->answer->len,
			   JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(answer))
		return answer;
	json_decref(answer);
	return NULL;
}

static void on_end(CURL *easy, CURLcode result, void *arg)
{
	struct etcd_call *call = arg;
	g_autoptr(GError) error = NULL;
	json_t *answer = NULL;
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (result != CURLE_OK)
		error = transport_error(call, result);
	else if (!call->stream || status != 200)
		answer = parse_answer(call);
	if (!error && (status != 200 || !(call->stream || answer)))
		error = etcd_wire_error(status, answer);
	if (call->stream) {
		call->end = error ? g_steal_pointer(&error) : stream_ended();
		read_soon(call);
	} else {
		tell(call, error ? NULL : answer, error);
	}
	json_decref(answer);
}

static void set_tls(CURL *easy, const struct etcd_http *http)
{
	curl_easy_setopt(easy, CURLOPT_SSLVERSION,
			 (long)CURL_SSLVERSION_TLSv1_2);
	if (http->ca)
		curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca);
	if (http->certificate) {
		curl_easy_setopt(easy, CURLOPT_SSLCERT, http->certificate);
		curl_easy_setopt(easy, CURLOPT_SSLKEY, http->key);
	}
}

static void set_connection(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* Each watch holds a connection of its own: no frames within frames. */
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
			 (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, PROBE_IDLE_S);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, PROBE_IDLE_S);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

static struct etcd_call *prepare(struct etcd_http *http, const char *path,
				 json_t *body)
{
	struct etcd_call *call = g_new0(struct etcd_call, 1);
	g_autofree char *url = g_strconcat(etcd_http_url(http), path, NULL);

	call->http = http;
	call->easy = curl_easy_init();
	call->body = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	call->answer = g_byte_array_new();
	etcd_frames_init(&call->frames);
	/* No "100 Continue" first. */
	call->headers = curl_slist_append(NULL, "Expect:");
	call->headers = curl_slist_append(call->headers,
					  "Content-Type: application/json");
	if (http->token) {
		g_autofree char *line =
			g_strconcat("Authorization: ", http->token, NULL);

		call->headers = curl_slist_append(call->headers, line);
	}
	curl_easy_setopt(call->easy, CURLOPT_URL, url);
	curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, call->body);
	curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE,
			 (curl_off_t)strlen(call->body));
	curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
	curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(call->easy, CURLOPT_ERRORBUFFER, call->why);
	set_connection(call->easy);
	set_tls(call->easy, http);
	return call;
}

struct etcd_call *etcd_call_create(struct etcd_http *http, const char *path,
				   json_t *body, guint timeout_ms,
				   etcd_answer_func func, void *arg)
{
	struct etcd_call *call = prepare(http, path, body);

	call->func = func;
	call->arg = arg;
	curl_easy_setopt(call->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_loop_add(http->loop, call->easy, on_end, call);
	return call;
}

struct etcd_call *etcd_stream_create(struct etcd_http *http, const char *path,
				     json_t *body, etcd_answer_func func,
				     void *arg)
{
	struct etcd_call *call = prepare(http, path, body);

	call->func = func;
	call->arg = arg;
	call->stream = TRUE;
	curl_loop_add(http->loop, call->easy, on_end, call);
	return call;
}

static void call_free(struct etcd_call *call)
{
	directory_stop(&call->reading);
	if (call->destroyed)
		*call->destroyed = TRUE;
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	/* It may hold a password. */
	explicit_bzero(call->body, strlen(call->body));
	free(call->body);
	g_byte_array_unref(call->answer);
	etcd_frames_fini(&call->frames);
	g_clear_error(&call->end);
	g_free(call);
}

void etcd_call_destroy(struct etcd_call **callp)
{
	struct etcd_call *call = g_steal_pointer(callp);

	if (!call)
		return;
	curl_loop_remove(call->http->loop, call->easy);
	call_free(call);
}

void etcd_call_and_wait(struct etcd_http *http, const char *path, json_t *body,
			guint timeout_ms)
{
	struct etcd_call *call = prepare(http, path, body);

	curl_easy_setopt(call->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_perform(call->easy);
	call_free(call);
}
