#include "signaling/post.h"

#include <gio/gio.h>
#include <string.h>

#include "signaling/post_kind.h"

#define MAX_ADDRESS 320 /* 64 + @ + 255, RFC 5321 4.5.3.1 */

static const struct {
	const char *scheme;
	const struct post_kind *kind;
} schemes[] = {
	{ "maildir", &post_maildir },
	{ "smtp", &post_smtp },
	{ "smtps", &post_smtp },
};

static const struct post_kind *find_kind(const char *url, GError **error)
{
	g_autofree char *scheme = g_uri_parse_scheme(url);

	for (guint i = 0; scheme && i < G_N_ELEMENTS(schemes); i++)
		if (!strcmp(scheme, schemes[i].scheme))
			return schemes[i].kind;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
		    "a post is smtps://HOST, smtp://HOST or maildir:PATH, "
		    "not %s",
		    scheme ? scheme : "an address without a scheme");
	return NULL;
}

struct post_mail *post_mail_new(gint64 id, const char *name,
				const char *envelope_from,
				const char *recipient, GBytes *mail)
{
	struct post_mail *copy = g_new0(struct post_mail, 1);

	copy->id = id;
	copy->name = g_strdup(name);
	copy->envelope_from = g_strdup(envelope_from);
	copy->recipient = g_strdup(recipient);
	copy->mail = g_bytes_ref(mail);
	return copy;
}

void post_mail_free(struct post_mail *mail)
{
	if (!mail)
		return;
	g_free(mail->name);
	g_free(mail->envelope_from);
	g_free(mail->recipient);
	g_bytes_unref(mail->mail);
	g_free(mail);
}

void post_tell(struct post *pst, struct post_mail *mail,
	       enum post_result result, const char *why)
{
	static const char *const names[] = {
		[POST_SENT] = "sent",
		[POST_RETRY] = "retry",
		[POST_REFUSED] = "refused",
	};

	/* A refused address may hold line ends: none may forge a log line. */
	g_autofree char *to = g_strescape(mail->recipient, NULL);

	g_info("post: %s id=%" G_GINT64_FORMAT " to=%s why=%s", names[result],
	       mail->id, to, why ? why : "");
	pst->events->done(pst, mail->id, result, why, pst->arg);
	post_mail_free(mail);
}

/* An address comes from a stranger's mail: what could break out of an SMTP
 * command line or a path is refused here, for all kinds. */
static gboolean fit_address(const char *address)
{
	const char *at = strrchr(address, '@');

	if (!at || at == address || !at[1] || strlen(address) > MAX_ADDRESS)
		return FALSE;
	for (const char *c = address; *c; c++)
		if ((guchar)*c <= ' ' || *c == 0x7f || strchr("<>,;\\\"", *c))
			return FALSE;
	return g_utf8_validate(address, -1, NULL);
}

static gboolean refuse_unfit(void *arg)
{
	struct post *pst = arg;
	struct post_mail *mail = g_queue_pop_head(pst->unfit);

	if (mail)
		post_tell(pst, mail, POST_REFUSED,
			  "the address cannot be written in an envelope");
	else
		g_source_set_ready_time(pst->refuse, -1);
	return G_SOURCE_CONTINUE;
}

static gboolean dispatch(GSource *source, GSourceFunc func, void *arg)
{
	(void)source;
	return func(arg);
}

struct post *post_create(const struct post_config *cfg,
			 const struct post_events *events, void *arg,
			 GError **error)
{
	static GSourceFuncs funcs = { .dispatch = dispatch };
	const struct post_kind *kind = find_kind(cfg->url, error);
	struct post *pst;

	if (!kind)
		return NULL;
	pst = kind->create(cfg, error);
	if (!pst)
		return NULL;
	pst->kind = kind;
	pst->events = events;
	pst->arg = arg;
	pst->unfit = g_queue_new();
	pst->refuse = g_source_new(&funcs, sizeof(*pst->refuse));
	g_source_set_callback(pst->refuse, refuse_unfit, pst, NULL);
	g_source_attach(pst->refuse, g_main_context_get_thread_default());
	return pst;
}

void post_destroy(struct post **pstp)
{
	struct post *pst = g_steal_pointer(pstp);

	if (!pst)
		return;
	g_source_destroy(pst->refuse);
	g_source_unref(pst->refuse);
	g_queue_free_full(pst->unfit, (GDestroyNotify)post_mail_free);
	pst->kind->destroy(pst);
}

void post_send(struct post *pst, gint64 id, const char *name,
	       const char *envelope_from, const char *recipient, GBytes *mail)
{
	struct post_mail *copy =
		post_mail_new(id, name, envelope_from, recipient, mail);

	/* An empty sender is the null reverse-path of RFC 5321 4.5.5. */
	if (fit_address(recipient) &&
	    (!*envelope_from || fit_address(envelope_from))) {
		pst->kind->send(pst, copy);
		return;
	}
	g_queue_push_tail(pst->unfit, copy);
	g_source_set_ready_time(pst->refuse, 0);
}
