#include "signaling/mail_conn.h"

#include <string.h>

#include "signaling/curl_loop.h"

#define CHUNK	   16384 /* bytes: a TLS record */
#define MAX_CHUNKS 4	 /* read in one turn, then others have theirs */

struct mail_conn {
	struct curl_loop *loop;
	CURL *easy;
	const struct mail_conn_events *events;
	void *arg;
	GSource *source; /* the socket, the deadline, and "read on" */
	gpointer tag;	 /* of the socket in it; NULL until it is open */
	gint64 deadline; /* us, -1: none */
	gboolean read_on;
	gboolean closed;
	gboolean in_use;    /* one of our callers is on the stack */
	gboolean destroyed; /* and is to free it */
	GString *unsent;
	char error[CURL_ERROR_SIZE];
};

struct conn_source {
	GSource base;
	struct mail_conn *conn;
};

static void conn_free(struct mail_conn *conn)
{
	g_source_destroy(conn->source);
	g_source_unref(conn->source);
	curl_loop_remove(conn->loop, conn->easy);
	curl_easy_cleanup(conn->easy);
	curl_loop_unref(&conn->loop);
	g_string_free(conn->unsent, TRUE);
	g_free(conn);
}

static void arm(struct mail_conn *conn)
{
	g_source_set_ready_time(conn->source,
				conn->read_on ? 0 : conn->deadline);
	if (conn->tag)
		g_source_modify_unix_fd(
			conn->source, conn->tag,
			G_IO_IN | (conn->unsent->len ? G_IO_OUT : 0));
}

static void close_with(struct mail_conn *conn, const char *why)
{
	if (conn->closed || conn->destroyed)
		return;
	conn->closed = TRUE;
	conn->deadline = -1;
	conn->read_on = FALSE;
	g_string_truncate(conn->unsent, 0);
	if (conn->tag)
		g_source_remove_unix_fd(conn->source, conn->tag);
	conn->tag = NULL;
	g_source_set_ready_time(conn->source, -1);
	conn->events->closed(why, conn->arg);
}

static void flush(struct mail_conn *conn)
{
	while (conn->unsent->len) {
		size_t n = 0;
		CURLcode result = curl_easy_send(conn->easy, conn->unsent->str,
						 conn->unsent->len, &n);

		if (result == CURLE_AGAIN)
			break;
		if (result != CURLE_OK) {
			close_with(conn, curl_easy_strerror(result));
			return;
		}
		g_string_erase(conn->unsent, 0, (gssize)n);
	}
	arm(conn);
}

/* Until CURLE_AGAIN, because TLS may hold bytes that poll() cannot see; but
 * not longer than our turn. */
static void read_some(struct mail_conn *conn)
{
	char buf[CHUNK];

	conn->read_on = FALSE;
	for (int i = 0; i < MAX_CHUNKS; i++) {
		size_t n = 0;
		CURLcode result =
			curl_easy_recv(conn->easy, buf, sizeof(buf), &n);

		if (result == CURLE_AGAIN)
			return;
		if (result != CURLE_OK || n == 0) {
			close_with(conn, result != CURLE_OK
						 ? curl_easy_strerror(result)
						 : "the server hung up");
			return;
		}
		conn->events->received(buf, n, conn->arg);
		if (conn->closed || conn->destroyed)
			return;
	}
	conn->read_on = TRUE;
}

static void leave(struct mail_conn *conn)
{
	conn->in_use = FALSE;
	if (conn->destroyed)
		conn_free(conn);
	else if (!conn->closed)
		arm(conn);
}

static gboolean on_ready(GSource *source, GSourceFunc func, void *arg)
{
	struct mail_conn *conn = ((struct conn_source *)source)->conn;
	GIOCondition ready =
		conn->tag ? g_source_query_unix_fd(source, conn->tag) : 0;

	(void)func;
	(void)arg;
	conn->in_use = TRUE;
	if (conn->deadline >= 0 && g_get_monotonic_time() >= conn->deadline)
		close_with(conn, "the server does not answer in time");
	if (!conn->closed && !conn->destroyed && conn->unsent->len)
		flush(conn);
	if (!conn->closed && !conn->destroyed && (ready || conn->read_on))
		read_some(conn);
	leave(conn);
	return G_SOURCE_CONTINUE;
}

/* libcurl is through. The handle stays where it is: to take it out of the
 * multi would close the socket. */
static void on_connected(CURL *easy, CURLcode result, void *arg)
{
	struct mail_conn *conn = arg;
	curl_socket_t fd = CURL_SOCKET_BAD;

	conn->in_use = TRUE;
	conn->deadline = -1;
	if (result == CURLE_OK)
		curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd);
	if (fd == CURL_SOCKET_BAD) {
		close_with(conn, *conn->error ? conn->error
					      : curl_easy_strerror(result));
	} else if (!conn->closed) {
		conn->tag = g_source_add_unix_fd(conn->source, fd, G_IO_IN);
		/* Its first words may have come with the log-in's last. */
		conn->read_on = TRUE;
		conn->events->opened(conn->arg);
	}
	leave(conn);
}

struct mail_conn *mail_conn_create(const struct mail_server *srv,
				   guint patience_s,
				   const struct mail_conn_events *events,
				   void *arg)
{
	static GSourceFuncs funcs = { .dispatch = on_ready };
	struct mail_conn *conn = g_new0(struct mail_conn, 1);

	conn->events = events;
	conn->arg = arg;
	conn->unsent = g_string_new(NULL);
	conn->source = g_source_new(&funcs, sizeof(struct conn_source));
	((struct conn_source *)conn->source)->conn = conn;
	g_source_attach(conn->source, g_main_context_get_thread_default());

	conn->easy = curl_easy_init();
	mail_server_apply(srv, conn->easy);
	curl_easy_setopt(conn->easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(conn->easy, CURLOPT_ERRORBUFFER, conn->error);
	mail_conn_deadline(conn, patience_s);
	conn->loop = curl_loop_ref();
	curl_loop_add(conn->loop, conn->easy, on_connected, conn);
	return conn;
}

void mail_conn_destroy(struct mail_conn **connp, const char *last_words)
{
	struct mail_conn *conn = g_steal_pointer(connp);
	size_t n;

	if (!conn)
		return;
	if (last_words && conn->tag && !conn->closed && !conn->unsent->len)
		curl_easy_send(conn->easy, last_words, strlen(last_words), &n);
	conn->destroyed = TRUE;
	if (!conn->in_use)
		conn_free(conn);
}

void mail_conn_send(struct mail_conn *conn, const char *bytes, gsize size)
{
	if (conn->closed)
		return;
	g_string_append_len(conn->unsent, bytes, (gssize)size);
	/* Sent from the loop, so that `closed` never comes from in here. */
	if (conn->tag)
		arm(conn);
}

void mail_conn_say(struct mail_conn *conn, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	mail_conn_send(conn, text, strlen(text));
}

void mail_conn_deadline(struct mail_conn *conn, guint seconds)
{
	conn->deadline =
		seconds ? g_get_monotonic_time() + seconds * G_USEC_PER_SEC
			: -1;
	if (!conn->closed)
		arm(conn);
}
