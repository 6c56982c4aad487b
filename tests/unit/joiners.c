/* What the page of somebody in a room is told, against a real room. */
#include <glib.h>
#include <jansson.h>
#include <string.h>

#include "bridge/room/entrance.h"
#include "bridge/room/in_band.h"
#include "web/joiners.h"

#define PATIENCE_MS 5000

/* A page: what it was sent, and whether its socket was closed. */
struct page {
	struct joiner *jnr;
	GPtrArray *texts; /* char * */
	guint frames;
	gboolean slow; /* takes nothing */
	enum { OPEN, DONE, AT_FAULT } closed;
};

static struct joiners *joiners;
static struct room *room;
static GString *heard; /* what was said in band */

static void nothing(struct member *mem, void *arg)
{
	(void)mem;
	(void)arg;
}

static void flag(struct member *mem, gboolean on, void *arg)
{
	(void)mem;
	(void)on;
	(void)arg;
}

static void tell(struct member *mem, const char *json, void *arg)
{
	(void)arg;
	joiners_tell(joiners, mem, json);
}

static void refresh_levels(struct room *of, void *arg)
{
	const GPtrArray *members = room_members(of);

	(void)arg;
	for (guint i = 0; i < members->len; i++)
		((struct member *)members->pdata[i])->level = -20;
}

static gboolean keep_door(struct room *of, const struct door *door, void *arg,
			  GError **error)
{
	(void)of;
	(void)door;
	(void)arg;
	(void)error;
	return TRUE;
}

static const struct room_effects effects = { .end_media = nothing,
					     .set_muted = flag,
					     .set_deaf = flag,
					     .set_volume = nothing,
					     .tell = tell,
					     .refresh_levels = refresh_levels,
					     .keep_door = keep_door };

static void changed(struct room *of, struct member *mem,
		    enum room_change change, const char *by, void *arg)
{
	(void)by;
	(void)arg;
	joiners_changed(joiners, of, mem, change);
}

static const struct room_observer observer = { .changed = changed };

/* The secret of a session is its name, turned to capitals. */
static struct member *member(const char *session, const char *token, void *arg)
{
	const GPtrArray *members = room_members(room);
	g_autofree char *secret = g_ascii_strup(session, -1);

	(void)arg;
	for (guint i = 0; i < members->len; i++) {
		struct member *mem = members->pdata[i];

		if (!strcmp(mem->did, session) && !strcmp(secret, token))
			return mem;
	}
	return NULL;
}

static void hear(struct member *mem, const char *json, gsize size, void *arg)
{
	(void)arg;
	g_string_append_printf(heard, "%s:%.*s ", mem->did, (int)size, json);
}

static const struct join_host host = { .member = member, .hear = hear };

static gboolean send_text(void *socket, GBytes *text, void *arg)
{
	struct page *page = socket;
	gsize size;
	const char *bytes = g_bytes_get_data(text, &size);

	(void)arg;
	if (page->slow)
		return FALSE;
	g_ptr_array_add(page->texts, g_strndup(bytes, size));
	return TRUE;
}

static gboolean send_binary(void *socket, GBytes *frame, void *arg)
{
	struct page *page = socket;

	(void)frame;
	(void)arg;
	page->frames++;
	return TRUE;
}

static gboolean is_idle(void *socket, void *arg)
{
	(void)arg;
	return !((struct page *)socket)->slow;
}

static void close_socket(void *socket, gboolean done, void *arg)
{
	(void)arg;
	((struct page *)socket)->closed = done ? DONE : AT_FAULT;
}

static const struct joiners_events events = { .send = send_text,
					      .send_binary = send_binary,
					      .idle = is_idle,
					      .close = close_socket };

static void open_house(void)
{
	static const char *const moderators[] = { "chair@x.example", NULL };
	const struct room_config cfg = { .address = "r@x.example",
					 .name = "R",
					 .moderators = moderators,
					 .capacity = 9 };

	heard = g_string_new(NULL);
	joiners = joiners_create(&host, NULL, &events, NULL);
	room = room_create(&cfg, &effects, &observer, NULL);
}

static void close_house(void)
{
	room_destroy(&room);
	joiners_destroy(&joiners);
	g_string_free(heard, TRUE);
}

static struct member *seat(const char *name)
{
	g_autofree char *address = g_strconcat(name, "@x.example", NULL);
	struct member *mem = room_seat(
		room, &(struct room_guest){ .did = name,
					    .address = address,
					    .device = "browser-1",
					    .gate = "local-1",
					    .deadline = 60,
					    .via = MEMBER_BY_BROWSER });

	room_registered(room, mem, "192.0.2.9:5004", 1);
	return mem;
}

static void say(struct page *page, const char *text)
{
	joiners_message(page->jnr, text, strlen(text));
}

static struct page *visit(const char *session)
{
	struct page *page = g_new0(struct page, 1);

	page->texts = g_ptr_array_new_with_free_func(g_free);
	page->jnr = joiners_open(joiners, page, session);
	return page;
}

/* With the right secret. */
static struct page *come(const char *session)
{
	struct page *page = visit(session);
	g_autofree char *secret = g_ascii_strup(session, -1);
	g_autofree char *hello =
		g_strdup_printf("{\"t\":\"hello\",\"token\":\"%s\"}", secret);

	say(page, hello);
	return page;
}

static void go(struct page **pagep)
{
	joiners_close(&(*pagep)->jnr);
	g_ptr_array_unref((*pagep)->texts);
	g_free(*pagep);
	*pagep = NULL;
}

/* How many messages have all of that part. */
static guint count(const struct page *page, const char *part)
{
	guint n = 0;

	for (guint i = 0; i < page->texts->len; i++)
		n += strstr(page->texts->pdata[i], part) != NULL;
	return n;
}

static gboolean give_up(gpointer over)
{
	*(gboolean *)over = TRUE;
	return G_SOURCE_CONTINUE;
}

/* Time passes, until so many messages have that part. */
static void wait_for(const struct page *page, const char *part, guint n)
{
	gboolean over = FALSE;
	guint timer = g_timeout_add(PATIENCE_MS, give_up, &over);

	while (count(page, part) < n && !over)
		g_main_context_iteration(NULL, TRUE);
	g_source_remove(timer);
	if (over)
		g_error("nothing came that has %s", part);
}

static void who_proves_himself_is_told_how_he_is(void)
{
	struct page *page;

	open_house();
	seat("ann");
	page = come("ann");
	g_assert_cmpuint(count(page, "\"t\":\"hello\""), ==, 1);
	g_assert_cmpuint(count(page, "\"t\":\"you\",\"here\":true"), ==, 1);
	wait_for(page, "\"t\":\"people\",\"n\":1", 1);
	wait_for(page, "\"t\":\"figures\"", 1);
	g_assert_cmpuint(page->frames, >, 0);
	say(page, "{\"t\":\"hand\",\"on\":true}");
	g_assert_cmpstr(heard->str, ==, "ann:{\"t\":\"hand\",\"on\":true} ");
	g_assert_cmpint(page->closed, ==, OPEN);
	go(&page);
	close_house();
}

static void who_does_not_is_shut_out(void)
{
	static const char *const wrong[] = {
		"{\"t\":\"hello\",\"token\":\"BEN\"}",
		"{\"t\":\"hello\"}",
		"{\"t\":\"hand\",\"on\":true}",
		"{\"token\":\"ANN\"}",
		"[",
		"",
	};

	open_house();
	seat("ann");
	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
		struct page *page = visit("ann");

		say(page, wrong[i]);
		g_assert_cmpint(page->closed, ==, AT_FAULT);
		g_assert_cmpuint(page->texts->len, ==, 0);
		say(page, "{\"t\":\"hello\",\"token\":\"ANN\"}");
		g_assert_cmpuint(page->texts->len, ==, 0);
		go(&page);
	}
	g_assert_cmpstr(heard->str, ==, "");
	close_house();
}

static void others_are_names_without_addresses(void)
{
	struct member *chair;
	struct page *page;

	open_house();
	seat("ann");
	chair = seat("chair");
	room_mute(room, chair->id, NULL, NULL);
	page = come("ann");
	wait_for(page,
		 "\"name\":\"chair\",\"role\":\"moderator\",\"muted\":true", 1);
	for (guint i = 0; i < page->texts->len; i++)
		if (strstr(page->texts->pdata[i], "\"people\""))
			g_assert_null(strchr(page->texts->pdata[i], '@'));
	room_left(room, chair, LEAVE_BYE);
	wait_for(page, "\"n\":1", 1);
	go(&page);
	close_house();
}

static void who_is_held_learns_nothing(void)
{
	struct entrance *ent;
	struct member *ben;
	struct page *page;

	open_house();
	ent = room_entrance(room);
	seat("ann");
	entrance_set_lobby(ent, TRUE, "chair@x.example", NULL);
	ben = seat("ben");
	page = come("ben");
	g_assert_cmpuint(count(page, "\"held\":true"), ==, 1);
	room_mute(room, ben->id, "chair@x.example", NULL);
	wait_for(page, "\"muted\":true", 1); /* ticks have passed */
	g_assert_cmpuint(count(page, "\"people\""), ==, 0);
	g_assert_cmpuint(count(page, "\"figures\""), ==, 0);
	g_assert_cmpuint(page->frames, ==, 0);
	entrance_admit(ent, ben->id, "chair@x.example", NULL);
	g_assert_cmpuint(count(page, "\"t\":\"hold\",\"on\":false"), ==, 1);
	wait_for(page, "\"t\":\"people\",\"n\":2", 1);
	go(&page);
	close_house();
}

static void who_is_sent_away_is_told_why_and_closed(void)
{
	struct member *ann, *ben;
	struct page *first, *second;

	open_house();
	ann = seat("ann");
	ben = seat("ben");
	first = come("ann");
	second = come("ben");
	room_kick(room, ann->id, "chair@x.example", "Late", NULL);
	g_assert_cmpuint(count(first, "\"why\":\"kicked\",\"text\":\"Late\""),
			 ==, 1);
	g_assert_cmpint(first->closed, ==, DONE);
	room_left(room, ben, LEAVE_LOST);
	g_assert_cmpuint(count(second, "\"why\":\"lost\""), ==, 1);
	g_assert_cmpint(second->closed, ==, DONE);
	say(second, "{\"t\":\"hand\",\"on\":true}");
	g_assert_cmpstr(heard->str, ==, "");
	go(&first);
	go(&second);
	close_house();
}

static void a_second_page_ends_the_first(void)
{
	struct page *first, *second;

	open_house();
	seat("ann");
	first = come("ann");
	second = come("ann");
	g_assert_cmpint(first->closed, ==, DONE);
	g_assert_cmpint(second->closed, ==, OPEN);
	wait_for(second, "\"people\"", 1);
	go(&first);
	go(&second);
	close_house();
}

static void a_slow_page_is_told_anew(void)
{
	struct member *ann;
	struct page *page;

	open_house();
	ann = seat("ann");
	page = come("ann");
	wait_for(page, "\"people\"", 1);
	page->slow = TRUE;
	room_mute(room, ann->id, "chair@x.example", NULL);
	g_assert_cmpuint(count(page, "\"mute\""), ==, 0);
	page->slow = FALSE;
	g_ptr_array_set_size(page->texts, 0);
	joiners_drained(page->jnr);
	wait_for(page, "\"muted\":true", 1);
	wait_for(page, "\"people\"", 1);
	go(&page);
	close_house();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/joiners/who proves himself is told how he is",
			who_proves_himself_is_told_how_he_is);
	g_test_add_func("/joiners/who does not is shut out",
			who_does_not_is_shut_out);
	g_test_add_func("/joiners/others are names without addresses",
			others_are_names_without_addresses);
	g_test_add_func("/joiners/who is held learns nothing",
			who_is_held_learns_nothing);
	g_test_add_func("/joiners/who is sent away is told why and closed",
			who_is_sent_away_is_told_why_and_closed);
	g_test_add_func("/joiners/a second page ends the first",
			a_second_page_ends_the_first);
	g_test_add_func("/joiners/a slow page is told anew",
			a_slow_page_is_told_anew);
	return g_test_run();
}
