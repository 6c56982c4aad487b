/* Replays text scenarios against the real conference in a made-up world
 * (world.h). Usage: replay FILE...; each is one test.
 *
 * A line is one command, with words in shell quotes; # begins a comment. What
 * the bridge posts and sets aside has to be expected, all of it, in order.
 *
 *   set GROUP KEY VALUE        in the configuration; then start or reload
 *   unset GROUP
 *   start | reload | restart   restart: as after kill -9
 *   invite WHO from=A ...      see caller.h for the words
 *   person from=A ...
 *   again WHO [id=ID]          the same mail; with id, as shown before
 *   forge WHO                  the same dialog, other bytes
 *   cancel|bye WHO [wrong]
 *   bounce WHO
 *   decline WHO                whom a room calls
 *   mail                       the lines up to a lone dot, as they are
 *   large BYTES from=A         a mail of that size
 *   opens WHO VERDICT          the link that WHO was mailed; as docs/join.md
 *                              says, or "welcome"
 *   offers WHO STATUS [as=NAME]   his browser, with what the link has become;
 *                              201: it is in, as WHO or NAME
 *   registered WHO             at its PhoneGate, with the right key
 *   gone WHO [lost]
 *   mute|unmute WHO, kick WHO REASON    by chair@example.org
 *   volume WHO PERCENT         by the same
 *   do ROOM COMMAND [WHO] [code=N]
 *       as docs/panel-api.md says, by the same: the command without id and
 *       member, which is WHO
 *   time SECONDS
 *   post works|fails|refuses|hangs
 *   media full|free
 *   store broken|works
 *   expect mail to=A [link=yes|no] [not=PART] [of=WHO] [method=M] [code=N]
 *       [lv=N] [text=PART]
 *   expect mail ... same-as=WHO   byte for byte what WHO was sent before
 *   expect mail ... call=WHO      a room's INVITE
 *   expect none                nothing more was posted
 *   expect aside PART          of the reason
 *   expect waits               the last mail was not done
 *   expect members ROOM [LIST]
 *   expect called ROOM [LIST]  and who is not there yet
 *   expect session WHO [muted] [deaf]
 *   expect sound WHO TALKERS [stereo] [denoise] [agc]   of the mix it opens
 *   expect told WHO PART       in-band */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "signaling/message.h"
#include "tests/scenario/caller.h"
#include "tests/scenario/world.h"
#include "web/action.h"

#define CHAIR "chair@example.org"
#define HERE  "192.0.2.9:5004"

struct replay {
	const char *path;
	guint line;
	char **lines;
	struct world *world;
	GHashTable *callers; /* name => struct caller */
	GHashTable *sent;    /* name => GBytes: the answer it got */
	GHashTable *secrets; /* name => char *: of its link, or session */
	gboolean done;	     /* was the last mail */
	guint aside;	     /* so many were expected */

	/* The command. */
	int argc;
	char **argv;
	GHashTable *words;
};

static void fail(const struct replay *rep, const char *format, ...)
	G_GNUC_PRINTF(2, 3) G_GNUC_NORETURN;

static void fail(const struct replay *rep, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_printerr("%s:%u: %s\n", rep->path, rep->line, text);
	abort();
}

static const char *argument(const struct replay *rep, int i)
{
	if (i >= rep->argc)
		fail(rep, "%s: a word is missing", rep->argv[0]);
	return rep->argv[i];
}

static gboolean has_word(const struct replay *rep, const char *word)
{
	for (int i = 1; i < rep->argc; i++)
		if (!strcmp(rep->argv[i], word))
			return TRUE;
	return FALSE;
}

static struct caller *who(const struct replay *rep, int i)
{
	struct caller *call =
		g_hash_table_lookup(rep->callers, argument(rep, i));

	if (!call)
		fail(rep, "there is no %s", rep->argv[i]);
	return call;
}

static gint64 now_s(const struct replay *rep)
{
	return rep->world->now_ms / 1000;
}

static void show(struct replay *rep, const char *id, GBytes *mail)
{
	rep->done = world_mail(rep->world, id, mail);
	g_bytes_unref(mail);
}

static void do_set(struct replay *rep)
{
	g_key_file_set_string(rep->world->config, argument(rep, 1),
			      argument(rep, 2), argument(rep, 3));
}

static void do_unset(struct replay *rep)
{
	g_key_file_remove_group(rep->world->config, argument(rep, 1), NULL);
}

static void do_configure(struct replay *rep)
{
	world_configure(rep->world);
}

static void do_restart(struct replay *rep)
{
	world_restart(rep->world);
}

static void do_invite(struct replay *rep)
{
	struct caller *call = caller_invite(rep->words, now_s(rep));

	g_hash_table_insert(rep->callers, g_strdup(argument(rep, 1)), call);
	show(rep, NULL, g_bytes_ref(call->mail));
}

static void do_again(struct replay *rep)
{
	show(rep, words_get(rep->words, "id"), g_bytes_ref(who(rep, 1)->mail));
}

static void do_forge(struct replay *rep)
{
	show(rep, NULL, caller_forge(who(rep, 1), now_s(rep)));
}

static void do_cancel(struct replay *rep)
{
	show(rep, NULL,
	     caller_end(who(rep, 1), IPSP_CANCEL, has_word(rep, "wrong"),
			now_s(rep)));
}

static void do_bye(struct replay *rep)
{
	show(rep, NULL,
	     caller_end(who(rep, 1), IPSP_BYE, has_word(rep, "wrong"),
			now_s(rep)));
}

static void do_bounce(struct replay *rep)
{
	show(rep, NULL, caller_bounce(who(rep, 1)));
}

static void do_decline(struct replay *rep)
{
	show(rep, NULL, caller_decline(who(rep, 1), now_s(rep)));
}

static void do_person(struct replay *rep)
{
	show(rep, NULL, caller_person(rep->words, now_s(rep)));
}

static void do_mail(struct replay *rep)
{
	GString *text = g_string_new(NULL);

	while (rep->lines[rep->line] && strcmp(rep->lines[rep->line], ".") != 0)
		g_string_append_printf(text, "%s\r\n", rep->lines[rep->line++]);
	rep->line++;
	show(rep, NULL, g_string_free_to_bytes(text));
}

static void do_large(struct replay *rep)
{
	gsize size = (gsize)atol(argument(rep, 1));
	GBytes *head = caller_person(rep->words, now_s(rep));
	GString *text = g_string_new_len(g_bytes_get_data(head, NULL),
					 (gssize)g_bytes_get_size(head));

	while (text->len < size)
		g_string_append(text, "and so on, and so on, and so on\r\n");
	g_string_truncate(text, size);
	g_bytes_unref(head);
	show(rep, NULL, g_string_free_to_bytes(text));
}

/* Of a browser: nothing in it is an address. */
static const char offer[] =
	"v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
	"a=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\na=ice-ufrag:4ZcD\r\n"
	"a=ice-pwd:2/1muCWoOi3uLifh0NuRHlXX\r\na=setup:actpass\r\n"
	"a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:"
	"10:11:12:13:14:15:16:17:18:19:1a:1b:1c:1d:1e:FF\r\n";

static const char *secret_of(const struct replay *rep)
{
	const char *secret =
		g_hash_table_lookup(rep->secrets, argument(rep, 1));

	if (!secret)
		fail(rep, "%s was mailed no link", rep->argv[1]);
	return secret;
}

static void do_opens(struct replay *rep)
{
	static const char *const words[JOIN_VERDICTS] = {
		[JOIN_WELCOME] = "welcome",
		[JOIN_LINK_IS_USED] = "link-used",
		[JOIN_LINK_IS_OLD] = "link-old",
		[JOIN_LINK_IS_NONE] = "link-unknown",
		[JOIN_NO_ROOM] = "no-room",
		[JOIN_BANNED] = "banned",
		[JOIN_LOCKED] = "locked",
		[JOIN_NOT_NOW] = "failed",
	};
	struct join_answer answer = { 0 };

	conference_look(rep->world->conf, secret_of(rep), TRUE, &answer);
	if (strcmp(words[answer.verdict], argument(rep, 2)) != 0)
		fail(rep, "it is answered %s", words[answer.verdict]);
	if (answer.session)
		g_hash_table_insert(rep->secrets, g_strdup(rep->argv[1]),
				    answer.session);
	g_free(answer.room);
	g_free(answer.room_name);
	g_free(answer.address);
	g_free(answer.name);
}

static void come_in(struct replay *rep, const char *session)
{
	struct caller *call = g_new0(struct caller, 1);
	const struct world_session *ses = world_session(rep->world, session);
	const char *as = words_get(rep->words, "as");

	g_strlcpy(call->did, session, sizeof(call->did));
	g_hash_table_insert(rep->callers, g_strdup(as ? as : rep->argv[1]),
			    call);
	conference_media_events.registered(ses->member, HERE, rep->world->conf);
}

static void do_offers(struct replay *rep)
{
	const struct sockaddr_storage peer = { .ss_family = AF_INET };
	const struct whip_join join = {
		.room = "standup@conf.example.net",
		.token = secret_of(rep),
		.offer = offer,
		.size = strlen(offer),
		.peer = &peer,
		.tls = TRUE,
	};
	struct whip_answer answer = { 0 };

	conference_tool_join(rep->world->conf, &join, &answer);
	if (answer.status != (guint)atoi(argument(rep, 2)))
		fail(rep, "the offer is answered %u: %s", answer.status,
		     answer.text);
	if (answer.status == 201)
		come_in(rep, answer.session);
	g_free(answer.text);
	g_free(answer.session);
	g_free(answer.etag);
}

static struct world_session *session_of(const struct replay *rep, int i)
{
	struct world_session *ses = world_session(rep->world, who(rep, i)->did);

	if (!ses)
		fail(rep, "%s has no session", rep->argv[i]);
	return ses;
}

/* Field by field: between them is padding. */
static gboolean same_keys(const struct keys *a, const struct keys *b)
{
	return !strcmp(a->stun_password, b->stun_password) &&
	       !memcmp(a->srtp_c2b, b->srtp_c2b, sizeof(a->srtp_c2b)) &&
	       !memcmp(a->srtp_b2c, b->srtp_b2c, sizeof(a->srtp_b2c)) &&
	       a->ssrc_c2b == b->ssrc_c2b && a->ssrc_b2c == b->ssrc_b2c;
}

/* Whoever registers has the key: that of the OK that he has read. */
static void do_registered(struct replay *rep)
{
	const struct caller *call = who(rep, 1);
	const struct world_session *ses = session_of(rep, 1);

	if (!call->answered || !same_keys(&call->keys, &ses->keys))
		fail(rep, "the caller's keys are not those of the session");
	if (call->level_id != ses->level_id)
		fail(rep, "the session has level header %u", ses->level_id);
	conference_media_events.registered(ses->member, HERE, rep->world->conf);
	ses = world_session(rep->world, call->did);
	if (ses && !ses->admitted)
		fail(rep, "it has registered, and hears nothing");
}

static void do_gone(struct replay *rep)
{
	conference_media_events.gone(session_of(rep, 1)->member,
				     has_word(rep, "lost"), rep->world->conf);
}

static struct room *room_of(const struct replay *rep, guint32 member)
{
	GPtrArray *rooms = conference_rooms(rep->world->conf);
	struct room *found = NULL;

	for (guint i = 0; i < rooms->len; i++)
		if (room_member(rooms->pdata[i], member))
			found = rooms->pdata[i];
	g_ptr_array_unref(rooms);
	if (!found)
		fail(rep, "member %u is in no room", member);
	return found;
}

static void do_mute(struct replay *rep)
{
	guint32 id = session_of(rep, 1)->member;

	g_assert_true(room_mute(room_of(rep, id), id, CHAIR, NULL));
	g_assert_true(session_of(rep, 1)->muted);
}

static void do_unmute(struct replay *rep)
{
	guint32 id = session_of(rep, 1)->member;

	g_assert_true(room_unmute(room_of(rep, id), id, CHAIR, NULL));
	g_assert_false(session_of(rep, 1)->muted);
}

static void do_volume(struct replay *rep)
{
	guint32 id = session_of(rep, 1)->member;
	guint percent = (guint)atoi(argument(rep, 2));

	g_assert_true(
		room_set_volume(room_of(rep, id), id, percent, CHAIR, NULL));
	g_assert_cmpuint(session_of(rep, 1)->volume, ==, percent);
}

static void do_kick(struct replay *rep)
{
	guint32 id = session_of(rep, 1)->member;

	g_assert_true(
		room_kick(room_of(rep, id), id, CHAIR, argument(rep, 2), NULL));
}

static struct room *room_named(const struct replay *rep, const char *address)
{
	GPtrArray *rooms = conference_rooms(rep->world->conf);
	struct room *found = NULL;

	for (guint i = 0; i < rooms->len; i++)
		if (!strcmp(room_address(rooms->pdata[i]), address))
			found = rooms->pdata[i];
	g_ptr_array_unref(rooms);
	if (!found)
		fail(rep, "there is no room %s", address);
	return found;
}

static void do_do(struct replay *rep)
{
	struct room *room = room_named(rep, argument(rep, 1));
	g_autofree char *members =
		rep->argc > 3 && !strchr(rep->argv[3], '=')
			? g_strdup_printf(",\"member\":%u",
					  session_of(rep, 3)->member)
			: g_strdup("");
	g_autofree char *text =
		g_strdup_printf("{\"id\":1%s,%s}", members, argument(rep, 2));
	const char *code = "done";
	GError *error = NULL;
	struct command cmd;

	if (!command_parse(text, strlen(text), &cmd, &error))
		fail(rep, "%s", error->message);
	action_run(&cmd, room, CHAIR, &code, &error);
	if (strcmp(code, words_get(rep->words, "code")
				 ? words_get(rep->words, "code")
				 : "done") != 0)
		fail(rep, "it is answered %s", code);
	g_clear_error(&error);
	command_clear(&cmd);
}

static void do_time(struct replay *rep)
{
	world_pass(rep->world, (guint)atoi(argument(rep, 1)));
}

static void do_post(struct replay *rep)
{
	static const char *const words[] = {
		[POST_WORKS] = "works",
		[POST_FAILS] = "fails",
		[POST_REFUSES] = "refuses",
		[POST_HANGS] = "hangs",
	};

	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (!strcmp(words[i], argument(rep, 1))) {
			rep->world->post = i;
			return;
		}
	fail(rep, "post cannot %s", rep->argv[1]);
}

static void do_media(struct replay *rep)
{
	rep->world->media_full = has_word(rep, "full");
}

static void do_store(struct replay *rep)
{
	world_break_store(rep->world, has_word(rep, "broken"));
}

static void check_word(const struct replay *rep, const char *key,
		       const char *is)
{
	const char *wanted = words_get(rep->words, key);

	if (wanted && g_strcmp0(wanted, is) != 0)
		fail(rep, "%s is %s", key, is);
}

/* The part is one that a caller can use; it is read as he reads it. */
static void check_part(struct replay *rep, const struct message *msg,
		       const char *envelope)
{
	g_autofree char *code = NULL, *bounce = NULL, *level_id = NULL;
	struct ipsp_message ipsp;
	GError *error = NULL;
	const char *of = words_get(rep->words, "of");
	struct caller *call = of ? g_hash_table_lookup(rep->callers, of) : NULL;

	if (!msg->ipsp) {
		check_word(rep, "method", NULL);
		if (*envelope)
			fail(rep, "a letter has the sender %s", envelope);
		return;
	}
	if (!ipsp_decode(&ipsp, msg->ipsp, &error))
		fail(rep, "%s", error->message);
	check_word(rep, "method", ipsp_method_name(ipsp.method));
	bounce = g_strdup_printf("bounce+%s@", ipsp.did);
	if (!g_str_has_prefix(envelope, bounce))
		fail(rep, "a bounce would go to %s", envelope);
	code = g_strdup_printf("%u", ipsp.code);
	check_word(rep, "code", code);
	level_id = g_strdup_printf("%u", ipsp.level_id);
	check_word(rep, "lv", level_id);
	if (words_get(rep->words, "call"))
		g_hash_table_insert(rep->callers,
				    g_strdup(words_get(rep->words, "call")),
				    caller_called(&ipsp));
	if (!call)
		return;
	if (strcmp(ipsp.did, call->did) != 0)
		fail(rep, "it is of another dialog");
	if (ipsp.method == IPSP_OK &&
	    !caller_answered(call, msg->ipsp, &ipsp, NULL))
		fail(rep, "no key can be made of it");
}

/* The token of the link in a letter; NULL: there is none. Caller frees. */
static char *token_in(const char *text)
{
	const char *found = text ? strstr(text, "/join#") : NULL;

	if (!found)
		return NULL;
	found += strlen("/join#");
	return g_strndup(found, strcspn(found, " \r\n"));
}

static void check_mail(struct replay *rep, const struct world_mail *mail)
{
	GError *error = NULL;
	struct message *msg = message_parse(mail->mail, NULL, &error);
	const char *text = words_get(rep->words, "text");
	const char *of = words_get(rep->words, "of");
	const char *same = words_get(rep->words, "same-as");
	g_autofree char *token = NULL;

	if (!msg)
		fail(rep, "%s", error->message);
	check_word(rep, "to", mail->recipient);
	if (!msg->auto_submitted)
		fail(rep, "it does not say that a program wrote it");
	check_part(rep, msg, mail->from);
	if (text && (!msg->text || !strstr(msg->text, text)))
		fail(rep, "its text is: %s", msg->text);
	if (words_get(rep->words, "not") &&
	    strstr(msg->text, words_get(rep->words, "not")))
		fail(rep, "its text is: %s", msg->text);
	if (of)
		g_hash_table_insert(rep->sent, g_strdup(of),
				    g_bytes_ref(mail->mail));
	token = token_in(msg->text);
	check_word(rep, "link", token ? "yes" : "no");
	if (of && token)
		g_hash_table_insert(rep->secrets, g_strdup(of),
				    g_steal_pointer(&token));
	if (same &&
	    !g_bytes_equal(mail->mail, g_hash_table_lookup(rep->sent, same)))
		fail(rep, "it is not the mail that %s was sent", same);
	message_free(msg);
}

static void expect_mail(struct replay *rep)
{
	struct world_mail *mail = g_queue_pop_head(&rep->world->posted);

	if (!mail)
		fail(rep, "no mail was posted");
	check_mail(rep, mail);
	world_mail_free(mail);
}

static void expect_none(struct replay *rep)
{
	const struct world_mail *mail = g_queue_peek_head(&rep->world->posted);

	if (mail)
		fail(rep, "%s was posted to %s", mail->name, mail->recipient);
}

static void expect_aside(struct replay *rep)
{
	GPtrArray *reasons = world_set_aside(rep->world);

	if (rep->aside >= reasons->len)
		fail(rep, "nothing was set aside");
	if (!strstr(reasons->pdata[rep->aside], argument(rep, 2)))
		fail(rep, "the reason is: %s",
		     (char *)reasons->pdata[rep->aside]);
	rep->aside++;
	g_ptr_array_unref(reasons);
}

static void expect_waits(struct replay *rep)
{
	if (rep->done)
		fail(rep, "the mail is done");
	rep->done = TRUE;
}

static void expect_members(struct replay *rep)
{
	g_autofree char *members = world_members(rep->world, argument(rep, 2));

	if (strcmp(members, rep->argc > 3 ? rep->argv[3] : "") != 0)
		fail(rep, "the members are: %s", members);
}

static void expect_called(struct replay *rep)
{
	g_autofree char *called = world_called(rep->world, argument(rep, 2));

	if (strcmp(called, rep->argc > 3 ? rep->argv[3] : "") != 0)
		fail(rep, "those are called: %s", called);
}

static void expect_told(struct replay *rep)
{
	const struct caller *call = who(rep, 2);

	if (!rep->world->told->len)
		fail(rep, "nobody was told anything");
	if (!g_str_has_prefix(rep->world->told->pdata[0], call->did) ||
	    !strstr(rep->world->told->pdata[0], argument(rep, 3)))
		fail(rep, "what was told is: %s",
		     (char *)rep->world->told->pdata[0]);
	g_ptr_array_remove_index(rep->world->told, 0);
}

static void expect_session(struct replay *rep)
{
	const struct world_session *ses = session_of(rep, 2);

	if (ses->muted != has_word(rep, "muted") ||
	    ses->deaf != has_word(rep, "deaf"))
		fail(rep, "it is%s%s", ses->muted ? " muted" : "",
		     ses->deaf ? " deaf" : "");
}

static void expect_sound(struct replay *rep)
{
	const struct config_sound *sound = &session_of(rep, 2)->sound;
	g_autofree char *expected = g_strjoinv(" ", rep->argv + 3);
	g_autofree char *is = g_strdup_printf(
		"%u%s%s%s", sound->talkers, sound->stereo ? " stereo" : "",
		sound->denoise ? " denoise" : "", sound->agc ? " agc" : "");

	if (strcmp(is, expected))
		fail(rep, "the sound is: %s", is);
}

struct step {
	const char *name;
	void (*run)(struct replay *rep);
};

static const struct step expectations[] = {
	{ "mail", expect_mail },       { "none", expect_none },
	{ "aside", expect_aside },     { "waits", expect_waits },
	{ "members", expect_members }, { "called", expect_called },
	{ "told", expect_told },       { "sound", expect_sound },
	{ "session", expect_session }, { 0 },
};

static void run_command(struct replay *rep, const struct step *commands,
			const char *name)
{
	for (; commands->name; commands++)
		if (!strcmp(commands->name, name)) {
			commands->run(rep);
			return;
		}
	fail(rep, "there is no command %s", name);
}

static void do_expect(struct replay *rep)
{
	run_command(rep, expectations, argument(rep, 1));
}

static const struct step commands[] = {
	{ "set", do_set },	   { "unset", do_unset },
	{ "start", do_configure }, { "reload", do_configure },
	{ "restart", do_restart }, { "invite", do_invite },
	{ "again", do_again },	   { "forge", do_forge },
	{ "cancel", do_cancel },   { "bye", do_bye },
	{ "bounce", do_bounce },   { "decline", do_decline },
	{ "person", do_person },   { "mail", do_mail },
	{ "large", do_large },	   { "opens", do_opens },
	{ "offers", do_offers },   { "registered", do_registered },
	{ "gone", do_gone },	   { "mute", do_mute },
	{ "unmute", do_unmute },   { "volume", do_volume },
	{ "kick", do_kick },	   { "do", do_do },
	{ "time", do_time },	   { "post", do_post },
	{ "media", do_media },	   { "store", do_store },
	{ "expect", do_expect },   { 0 },
};

static void run_line(struct replay *rep, const char *line)
{
	GError *error = NULL;

	if (!*line || *line == '#')
		return;
	if (!g_shell_parse_argv(line, &rep->argc, &rep->argv, &error))
		fail(rep, "%s", error->message);
	rep->words =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (int i = 1; i < rep->argc; i++) {
		char *equals = strchr(rep->argv[i], '=');

		if (equals)
			g_hash_table_insert(
				rep->words,
				g_strndup(rep->argv[i],
					  (gsize)(equals - rep->argv[i])),
				equals + 1);
	}
	if (!rep->done && strcmp(line, "expect waits") != 0)
		fail(rep, "the mail before was not done");
	run_command(rep, commands, rep->argv[0]);
	g_hash_table_unref(rep->words);
	g_strfreev(rep->argv);
}

/* What was not expected has not happened. */
static void check_end(struct replay *rep)
{
	GPtrArray *reasons = world_set_aside(rep->world);

	expect_none(rep);
	if (reasons->len != rep->aside)
		fail(rep, "a mail was set aside: %s",
		     (char *)reasons->pdata[rep->aside]);
	g_ptr_array_unref(reasons);
}

static void run_scenario(const void *path)
{
	struct replay rep = { .path = path, .done = TRUE };
	g_autofree char *text = NULL;
	GError *error = NULL;

	g_file_get_contents(path, &text, NULL, &error);
	g_assert_no_error(error);
	rep.lines = g_strsplit(text, "\n", -1);
	rep.world = world_create();
	rep.callers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					    caller_free);
	rep.sent = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					 (GDestroyNotify)g_bytes_unref);
	rep.secrets =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	while (rep.lines[rep.line])
		run_line(&rep, rep.lines[rep.line++]);
	check_end(&rep);
	world_destroy(&rep.world);
	g_hash_table_unref(rep.callers);
	g_hash_table_unref(rep.sent);
	g_hash_table_unref(rep.secrets);
	g_strfreev(rep.lines);
}

static GLogWriterOutput be_quiet(GLogLevelFlags level, const GLogField *fields,
				 gsize n, gpointer data)
{
	/* g_error() and failed assertions still speak. */
	return level & G_LOG_FLAG_FATAL
		       ? g_log_writer_default(level, fields, n, data)
		       : G_LOG_WRITER_HANDLED;
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_log_set_always_fatal(G_LOG_FATAL_MASK);
	g_log_set_writer_func(be_quiet, NULL, NULL);
	message_init();
	for (int i = 1; i < argc; i++) {
		g_autofree char *base = g_path_get_basename(argv[i]);
		g_autofree char *name = NULL;

		base[strlen(base) - strlen(".txt")] = '\0';
		name = g_strconcat("/scenario/", base, NULL);
		g_test_add_data_func(g_strdelimit(name, "-", ' '), argv[i],
				     run_scenario);
	}
	return g_test_run();
}
