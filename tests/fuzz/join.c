/* What the page of a link says: an input is a body for POST /api/join, or, when
 * it begins with a line feed, in-band messages, one a line, against a real
 * room. */
#include <stdint.h>
#include <string.h>

#include <jansson.h>

#include "bridge/room/in_band.h"
#include "web/joiners.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct room *room;

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
	(void)mem;
	(void)json;
	(void)arg;
}

static void refresh_levels(struct room *of, void *arg)
{
	(void)of;
	(void)arg;
}

static const struct room_effects effects = { .end_media = nothing,
					     .set_muted = flag,
					     .set_deaf = flag,
					     .set_volume = nothing,
					     .tell = tell,
					     .refresh_levels = refresh_levels };

static void look(const char *token, gboolean open, struct join_answer *answer_r,
		 void *arg)
{
	(void)open;
	(void)arg;
	answer_r->verdict = strlen(token) % JOIN_VERDICTS;
	answer_r->room = g_strdup("r@x.example");
	answer_r->name = g_strdup(token);
}

static struct member *member(const char *session, const char *token, void *arg)
{
	(void)session;
	(void)arg;
	return strcmp(token, "t") ? NULL : room_members(room)->pdata[0];
}

static void hear(struct member *mem, const char *json, gsize size, void *arg)
{
	struct in_band msg;

	(void)arg;
	if (in_band_read(&msg, json, size))
		room_hear(room, mem, &msg, 1000);
}

static const struct join_host host = { .look = look,
				       .member = member,
				       .hear = hear };

static void must_be_json(const char *text, gsize size)
{
	json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);

	g_assert_true(json_is_object(object));
	json_decref(object);
}

static gboolean send_message(void *socket, GBytes *text, void *arg)
{
	gsize size;
	const char *bytes = g_bytes_get_data(text, &size);

	(void)socket;
	(void)arg;
	must_be_json(bytes, size);
	return TRUE;
}

static gboolean is_idle(void *socket, void *arg)
{
	(void)socket;
	(void)arg;
	return FALSE;
}

static void close_socket(void *socket, gboolean done, void *arg)
{
	(void)socket;
	(void)done;
	(void)arg;
}

static const struct joiners_events events = { .send = send_message,
					      .send_binary = send_message,
					      .idle = is_idle,
					      .close = close_socket };

static void post(const char *text, gsize size)
{
	g_autofree char *body = g_strndup(text, size);
	const struct server_request req = {
		.method = SERVER_POST,
		.path = "/api/join",
		.peer = "192.0.2.9",
		.content_type = "application/json",
		.body = body,
		.size = size,
	};
	struct server_reply reply = { 0 };
	struct join *jin = join_create(&host, NULL);
	gsize length;
	const char *bytes;

	join_request(jin, &req, TRUE, 1, &reply);
	g_assert_cmpuint(reply.status, >=, 200);
	bytes = g_bytes_get_data(reply.body, &length);
	must_be_json(bytes, length);
	g_bytes_unref(reply.body);
	join_destroy(&jin);
}

static void talk(const char *at, const char *end)
{
	const struct room_config cfg = { .address = "r@x.example",
					 .capacity = 9 };
	struct joiners *jns = joiners_create(&host, NULL, &events, NULL);
	struct joiner *jnr = joiners_open(jns, NULL, "d");
	struct member *mem;

	room = room_create(&cfg, &effects, NULL, NULL);
	mem = room_seat(room, &(struct room_guest){ .did = "d",
						    .address = "a@x.example",
						    .device = "d",
						    .gate = "local-1",
						    .deadline = 9,
						    .via = MEMBER_BY_BROWSER });
	room_registered(room, mem, "", 1);
	while (at < end) {
		const char *line = memchr(at, '\n', (size_t)(end - at));

		line = line ? line : end;
		joiners_message(jnr, at, (gsize)(line - at));
		at = line + 1;
	}
	joiners_close(&jnr);
	joiners_destroy(&jns);
	room_destroy(&room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	if (size && *text == '\n')
		talk(text + 1, text + size);
	else
		post(text, size);
	return 0;
}
