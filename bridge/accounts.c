#include "bridge/accounts.h"

#include <string.h>

#include "signaling/mailbox.h"

#define AGAIN_S	    5
#define MAX_WAITING 256

struct accounts {
	const struct accounts_events *events;
	void *arg;
	const struct config *cfg;
	gboolean reads;	     /* all mailboxes, from the start */
	GHashTable *by_name; /* account name => struct account */
};

struct account {
	struct accounts *all;
	char *name;
	char *settings; /* all of them, to see whether they have changed */
	struct mailbox *mailbox;
	struct post *post;
	GHashTable *sending; /* &id => itself */
	GQueue waiting;	     /* struct waiting, in order */
	gboolean overflow;   /* more came than could wait */
	guint again;	     /* timer: the store failed */
	guint reopening;     /* idle */
	struct account_figures figures;
	char *why; /* of the figures */
};

static void set_why(struct account *acc, const char *why)
{
	g_free(acc->why);
	acc->why = g_strdup(why);
	acc->figures.why = acc->why;
}

struct waiting {
	char *id;
	GBytes *mail;
	gboolean shown; /* and not settled */
};

static void free_waiting(gpointer data)
{
	struct waiting *wait = data;

	g_free(wait->id);
	g_bytes_unref(wait->mail);
	g_free(wait);
}

static void done(struct account *acc, const char *id)
{
	mailbox_done(acc->mailbox, id);
	acc->figures.mails++;
}

static gboolean show_again(gpointer data);

/* The first that waits is shown, and so on while they are done at once. */
static void show_waiting(struct account *acc)
{
	struct waiting *wait;

	while (!acc->again && (wait = g_queue_peek_head(&acc->waiting)) &&
	       !wait->shown) {
		const struct accounts_events *events = acc->all->events;

		wait->shown = TRUE;
		switch (events->mail(acc->name, wait->id, wait->mail,
				     acc->all->arg)) {
		case MAIL_DONE:
			done(acc, wait->id);
			free_waiting(g_queue_pop_head(&acc->waiting));
			break;
		case MAIL_AGAIN:
			wait->shown = FALSE;
			acc->again =
				g_timeout_add_seconds(AGAIN_S, show_again, acc);
			break;
		case MAIL_LATER:
			break;
		}
	}
}

static gboolean open_mailbox(struct account *acc, GError **error);

/* What the queue had no room for is shown by a mailbox that is opened anew. */
static gboolean open_again(gpointer data)
{
	struct account *acc = data;
	g_autoptr(GError) error = NULL;

	acc->reopening = 0;
	acc->overflow = FALSE;
	mailbox_destroy(&acc->mailbox);
	if (!open_mailbox(acc, &error))
		g_critical("accounts: %s", error->message);
	return G_SOURCE_REMOVE;
}

static void go_on(struct account *acc)
{
	show_waiting(acc);
	if (acc->overflow && !acc->reopening && g_queue_is_empty(&acc->waiting))
		acc->reopening = g_idle_add(open_again, acc);
}

static gboolean show_again(gpointer data)
{
	struct account *acc = data;

	acc->again = 0;
	go_on(acc);
	return G_SOURCE_REMOVE;
}

/* In order: a CANCEL does not overtake its INVITE. */
static void on_mail(struct mailbox *mbx, const char *id, GBytes *mail,
		    void *arg)
{
	struct account *acc = arg;
	struct waiting *wait;

	(void)mbx;
	if (acc->waiting.length >= MAX_WAITING) {
		acc->overflow = TRUE;
		return;
	}
	wait = g_new0(struct waiting, 1);
	wait->id = g_strdup(id);
	wait->mail = g_bytes_ref(mail);
	g_queue_push_tail(&acc->waiting, wait);
	show_waiting(acc);
}

void accounts_settled(struct accounts *acs, const char *account, const char *id,
		      enum mail_verdict verdict)
{
	struct account *acc = g_hash_table_lookup(acs->by_name, account);
	struct waiting *wait = acc ? g_queue_peek_head(&acc->waiting) : NULL;

	if (!wait || !wait->shown || strcmp(wait->id, id) != 0)
		return;
	if (verdict == MAIL_DONE) {
		done(acc, wait->id);
		free_waiting(g_queue_pop_head(&acc->waiting));
		go_on(acc);
		return;
	}
	wait->shown = FALSE;
	if (!acc->again)
		acc->again = g_timeout_add_seconds(AGAIN_S, show_again, acc);
}

static void on_state(struct mailbox *mbx, enum mailbox_state state,
		     const char *why, void *arg)
{
	struct account *acc = arg;

	(void)mbx;
	if ((state == MAILBOX_WATCHING) != acc->figures.watching)
		acc->figures.since_us = g_get_monotonic_time();
	acc->figures.watching = state == MAILBOX_WATCHING;
	/* While it is tried again, why that is needed. */
	if (state != MAILBOX_CONNECTING)
		set_why(acc, state == MAILBOX_FAILED ? why : NULL);
	if (state == MAILBOX_FAILED)
		g_warning("accounts: mailbox of %s: %s", acc->name, why);
	else
		g_info("accounts: mailbox of %s: %s", acc->name,
		       state == MAILBOX_WATCHING ? "watching" : "connecting");
}

static void on_position(struct mailbox *mbx, const char *position, void *arg)
{
	struct account *acc = arg;

	(void)mbx;
	acc->all->events->set_position(acc->name, position, acc->all->arg);
}

static void on_done(struct post *pst, gint64 id, enum post_result result,
		    const char *why, void *arg)
{
	struct account *acc = arg;

	(void)pst;
	g_hash_table_remove(acc->sending, &id);
	acc->figures.posted[result]++;
	acc->all->events->posted(id, result, why, acc->all->arg);
}

static const struct mailbox_events mailbox_events = {
	.mail = on_mail,
	.state = on_state,
	.position = on_position,
};
static const struct post_events post_events = { .done = on_done };

static gboolean open_mailbox(struct account *acc, GError **error)
{
	struct accounts *acs = acc->all;
	const struct config_mail *mail = config_mail(acs->cfg, acc->name);
	g_autofree char *position = acs->events->position(mail->name, acs->arg);
	const struct mailbox_config cfg = {
		.url = mail->mailbox_url,
		.username = mail->mailbox_user,
		.password = mail->mailbox_password,
		.ca_file = mail->ca_file,
		.poll_ms = mail->poll_ms,
		.position = position,
	};

	acc->figures.reads = TRUE;
	acc->mailbox = mailbox_create(&cfg, &mailbox_events, acc, error);
	return acc->mailbox != NULL;
}

static void close_mailbox(struct account *acc)
{
	if (acc->mailbox)
		mailbox_destroy(&acc->mailbox);
	g_clear_handle_id(&acc->again, g_source_remove);
	g_clear_handle_id(&acc->reopening, g_source_remove);
	g_queue_clear_full(&acc->waiting, free_waiting);
	acc->overflow = FALSE;
	acc->figures.reads = acc->figures.watching = FALSE;
	set_why(acc, NULL);
}

void accounts_read(struct accounts *acs, const char *account, gboolean reads)
{
	struct account *acc = g_hash_table_lookup(acs->by_name, account);
	g_autoptr(GError) error = NULL;

	if (!acc || reads == acc->figures.reads)
		return;
	acc->figures.since_us = g_get_monotonic_time();
	if (!reads)
		close_mailbox(acc);
	else if (!open_mailbox(acc, &error))
		g_critical("accounts: [mail %s]: %s", acc->name,
			   error->message);
}

static gboolean open_post(struct account *acc, const struct config_mail *mail,
			  GError **error)
{
	const struct post_config cfg = {
		.url = mail->post_url,
		.username = mail->post_user,
		.password = mail->post_password,
		.ca_file = mail->ca_file,
	};

	acc->post = post_create(&cfg, &post_events, acc, error);
	return acc->post != NULL;
}

void accounts_read_none(struct accounts *acs)
{
	GHashTableIter iter;
	struct account *acc;

	g_hash_table_iter_init(&iter, acs->by_name);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&acc))
		accounts_read(acs, acc->name, FALSE);
}

/* Of an account that goes away: its mails wait for it to come back. */
static void give_back(struct account *acc)
{
	GHashTableIter iter;
	gint64 *id;

	g_hash_table_iter_init(&iter, acc->sending);
	while (g_hash_table_iter_next(&iter, (void **)&id, NULL))
		acc->all->events->posted(*id, POST_RETRY,
					 "the account was closed",
					 acc->all->arg);
}

static void close_account(gpointer data)
{
	struct account *acc = data;

	close_mailbox(acc);
	if (acc->post)
		post_destroy(&acc->post);
	give_back(acc);
	g_hash_table_unref(acc->sending);
	g_free(acc->name);
	g_free(acc->settings);
	g_free(acc->why);
	g_free(acc);
}

static char *settings_of(const struct config_mail *mail)
{
	const char *const all[] = {
		mail->mailbox_url, mail->mailbox_user, mail->mailbox_password,
		mail->post_url,	   mail->post_user,    mail->post_password,
		mail->ca_file,
	};
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < G_N_ELEMENTS(all); i++)
		g_string_append_printf(text, "%s\n", all[i] ? all[i] : "");
	g_string_append_printf(text, "%u", mail->poll_ms);
	return g_string_free(text, FALSE);
}

static gboolean open_account(struct accounts *acs,
			     const struct config_mail *mail, GError **error)
{
	struct account *acc = g_new0(struct account, 1);

	acc->all = acs;
	acc->name = g_strdup(mail->name);
	acc->settings = settings_of(mail);
	acc->sending = g_hash_table_new_full(g_int64_hash, g_int64_equal,
					     g_free, NULL);
	g_queue_init(&acc->waiting);
	acc->figures.name = acc->name;
	acc->figures.since_us = g_get_monotonic_time();
	if (!open_post(acc, mail, error) ||
	    (acs->reads && !open_mailbox(acc, error))) {
		g_prefix_error(error, "[mail %s]: ", mail->name);
		close_account(acc);
		return FALSE;
	}
	g_hash_table_insert(acs->by_name, acc->name, acc);
	return TRUE;
}

struct accounts *accounts_create(const struct accounts_events *events,
				 gboolean reads, void *arg)
{
	struct accounts *acs = g_new0(struct accounts, 1);

	acs->reads = reads;
	acs->events = events;
	acs->arg = arg;
	acs->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
					     close_account);
	return acs;
}

void accounts_destroy(struct accounts **acsp)
{
	struct accounts *acs = *acsp;

	*acsp = NULL;
	if (!acs)
		return;
	g_hash_table_unref(acs->by_name);
	g_free(acs);
}

static gboolean has_changed(gpointer key, gpointer value, gpointer data)
{
	const struct account *acc = value;
	const struct config_mail *mail = config_mail(data, key);
	g_autofree char *settings = mail ? settings_of(mail) : NULL;

	return g_strcmp0(settings, acc->settings) != 0;
}

gboolean accounts_configure(struct accounts *acs, const struct config *cfg,
			    GError **error)
{
	gboolean all_work = TRUE;

	acs->cfg = cfg;
	g_hash_table_foreach_remove(acs->by_name, has_changed, (void *)cfg);
	for (guint i = 0; i < cfg->mails->len; i++) {
		const struct config_mail *mail = cfg->mails->pdata[i];

		if (!g_hash_table_contains(acs->by_name, mail->name))
			all_work &= open_account(acs, mail,
						 all_work ? error : NULL);
	}
	return all_work;
}

GArray *accounts_figures(const struct accounts *acs)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct account_figures));
	const struct account *acc;
	GHashTableIter iter;

	g_hash_table_iter_init(&iter, acs->by_name);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&acc))
		g_array_append_val(all, acc->figures);
	return all;
}

/* A mail whose account is not there. */
struct refusal {
	struct accounts *acs;
	gint64 id;
};

static gboolean refuse(gpointer data)
{
	const struct refusal *ref = data;

	ref->acs->events->posted(ref->id, POST_RETRY,
				 "its account is not configured",
				 ref->acs->arg);
	return G_SOURCE_REMOVE;
}

void accounts_post(struct accounts *acs, const struct store_post *post)
{
	struct account *acc = g_hash_table_lookup(acs->by_name, post->account);

	if (!acc) {
		struct refusal *ref = g_new0(struct refusal, 1);

		ref->acs = acs;
		ref->id = post->id;
		g_idle_add_full(G_PRIORITY_DEFAULT, refuse, ref, g_free);
		return;
	}
	g_hash_table_add(acc->sending, g_memdup2(&post->id, sizeof(post->id)));
	post_send(acc->post, post->id, post->name, post->envelope_from,
		  post->recipient, post->mail);
}
