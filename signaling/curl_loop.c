#include "signaling/curl_loop.h"

#include <glib-unix.h>
#include <signal.h>

struct curl_loop {
	GMainContext *context;
	guint refs;
	CURLM *multi;
	GSource *timer;
};

/* CURLOPT_PRIVATE of each handle in a multi. */
struct transfer {
	curl_loop_func func;
	void *arg;
};

/* GMainContext * to struct curl_loop *, of all threads. */
G_LOCK_DEFINE_STATIC(loops);
static GHashTable *loops;

static void tell_finished(struct curl_loop *loop)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(loop->multi, &left))) {
		/* msg does not outlive the removal of its handle. */
		CURL *easy = msg->easy_handle;
		CURLcode result = msg->data.result;
		struct transfer *tfr = NULL;

		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&tfr);
		if (msg->msg == CURLMSG_DONE && tfr)
			tfr->func(easy, result, tfr->arg);
	}
}

/* The owner of the last transfer may give the loop back in its callback. */
static void act(struct curl_loop *loop, curl_socket_t fd, int what)
{
	int running;

	loop->refs++;
	curl_multi_socket_action(loop->multi, fd, what, &running);
	tell_finished(loop);
	curl_loop_unref(&loop);
}

static gboolean on_socket(int fd, GIOCondition condition, void *arg)
{
	int what = 0;

	if (condition & (G_IO_IN | G_IO_HUP))
		what |= CURL_CSELECT_IN;
	if (condition & G_IO_OUT)
		what |= CURL_CSELECT_OUT;
	if (condition & G_IO_ERR)
		what |= CURL_CSELECT_ERR;
	act(arg, fd, what);
	return G_SOURCE_CONTINUE;
}

/* libcurl says what to wait for; `watch` is the source given to it by
 * curl_multi_assign() the last time. */
static int set_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
		      void *watch)
{
	struct curl_loop *loop = arg;
	GIOCondition condition = 0;
	GSource *source = NULL;

	(void)easy;
	if (watch) {
		g_source_destroy(watch);
		g_source_unref(watch);
	}
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		condition |= G_IO_IN;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		condition |= G_IO_OUT;
	if (condition) {
		source = g_unix_fd_source_new(fd, condition);
		g_source_set_callback(source, G_SOURCE_FUNC(on_socket), loop,
				      NULL);
		g_source_attach(source, loop->context);
	}
	curl_multi_assign(loop->multi, fd, source);
	return 0;
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
	struct curl_loop *loop = arg;
	gint64 at = ms < 0 ? -1 : g_get_monotonic_time() + ms * 1000;

	(void)multi;
	g_source_set_ready_time(loop->timer, at);
	return 0;
}

static gboolean on_timer(GSource *source, GSourceFunc func, void *arg)
{
	(void)func;
	g_source_set_ready_time(source, -1);
	act(arg, CURL_SOCKET_TIMEOUT, 0);
	return G_SOURCE_CONTINUE;
}

static gboolean no_callback(void *arg)
{
	(void)arg;
	return G_SOURCE_CONTINUE;
}

static void init_curl(void)
{
	static gsize done;

	if (!g_once_init_enter(&done))
		return;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	signal(SIGPIPE, SIG_IGN);
	g_once_init_leave(&done, 1);
}

static struct curl_loop *loop_create(GMainContext *context)
{
	static GSourceFuncs funcs = { .dispatch = on_timer };
	struct curl_loop *loop = g_new0(struct curl_loop, 1);

	loop->context = g_main_context_ref(context);
	loop->timer = g_source_new(&funcs, sizeof(*loop->timer));
	g_source_set_callback(loop->timer, no_callback, loop, NULL);
	g_source_attach(loop->timer, context);

	loop->multi = curl_multi_init();
	curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
	curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
	return loop;
}

struct curl_loop *curl_loop_ref(void)
{
	g_autoptr(GMainContext) context = g_main_context_ref_thread_default();
	struct curl_loop *loop;

	init_curl();
	G_LOCK(loops);
	if (!loops)
		loops = g_hash_table_new(NULL, NULL);
	loop = g_hash_table_lookup(loops, context);
	if (!loop) {
		loop = loop_create(context);
		g_hash_table_insert(loops, context, loop);
	}
	loop->refs++;
	G_UNLOCK(loops);
	return loop;
}

void curl_loop_unref(struct curl_loop **loopp)
{
	struct curl_loop *loop = g_steal_pointer(loopp);

	if (!loop || --loop->refs)
		return;
	G_LOCK(loops);
	g_hash_table_remove(loops, loop->context);
	G_UNLOCK(loops);
	curl_multi_cleanup(loop->multi);
	g_source_destroy(loop->timer);
	g_source_unref(loop->timer);
	g_main_context_unref(loop->context);
	g_free(loop);
}

void curl_loop_add(struct curl_loop *loop, CURL *easy, curl_loop_func func,
		   void *arg)
{
	struct transfer *tfr = g_new0(struct transfer, 1);

	tfr->func = func;
	tfr->arg = arg;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, tfr);
	curl_multi_add_handle(loop->multi, easy);
}

void curl_loop_remove(struct curl_loop *loop, CURL *easy)
{
	struct transfer *tfr = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&tfr);
	curl_multi_remove_handle(loop->multi, easy);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, NULL);
	g_free(tfr);
}
