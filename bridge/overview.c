#include "bridge/overview.h"

#include <jansson.h>
#include <stdlib.h>

#include "bridge/log.h"
#include "bridge/room/room.h"

/* What comes from mail and from servers need not be UTF-8. */
static json_t *words(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);

	return json_string(valid);
}

static void put(json_t *object, const char *name, const char *text)
{
	json_object_set_new(object, name, words(text));
}

static void put_count(json_t *object, const char *name, guint64 n)
{
	json_object_set_new(object, name, json_integer((json_int_t)n));
}

static json_t *missing(const struct overview *ov)
{
	json_t *all = json_array();

	for (guint i = 0; i < ov->missing->len; i++)
		json_array_append_new(all, words(ov->missing->pdata[i]));
	return all;
}

/* Rooms and their gates. */

static guint count_gates(const struct topology *top)
{
	guint n = 0;

	for (guint i = 0; top && i < top->hubs->len; i++) {
		const struct topology_hub *hub = top->hubs->pdata[i];

		n += hub->gates->len;
	}
	return n;
}

static json_t *room(const struct overview *ov, guint i)
{
	const struct room *of = ov->rooms->pdata[i];
	const GPtrArray *members = room_members(of);
	const struct config_room *rules =
		config_room(ov->config, room_address(of));
	json_t *object = json_object();
	guint here = 0;

	for (guint k = 0; k < members->len; k++) {
		const struct member *mem = members->pdata[k];

		here += mem->state == MEMBER_HERE;
	}
	put(object, "room", room_address(of));
	put(object, "name", room_name(of));
	put(object, "account", rules ? rules->account : "");
	json_object_set_new(object, "kept", json_boolean(room_is_kept(of)));
	put_count(object, "here", here);
	put_count(object, "invited", members->len - here);
	put_count(object, "capacity", room_capacity(of));
	put_count(object, "gates", count_gates(ov->topologies->pdata[i]));
	return object;
}

static json_t *rooms(const struct overview *ov)
{
	json_t *all = json_array();

	for (guint i = 0; i < ov->rooms->len; i++)
		json_array_append_new(all, room(ov, i));
	return all;
}

static void add_hub(json_t *all, const char *address,
		    const struct topology_hub *hub)
{
	for (guint i = 0; i < hub->gates->len; i++) {
		const struct topology_gate *gate =
			&g_array_index(hub->gates, struct topology_gate, i);
		json_t *object = json_object();

		put(object, "site", hub->site);
		put(object, "gate", gate->name);
		put(object, "room", address);
		put_count(object, "here", gate->here);
		put_count(object, "invited", gate->invited);
		put_count(object, "places", hub->places);
		json_array_append_new(all, object);
	}
}

static json_t *gates(const struct overview *ov)
{
	json_t *all = json_array();

	for (guint i = 0; i < ov->rooms->len; i++) {
		const struct topology *top = ov->topologies->pdata[i];

		for (guint k = 0; top && k < top->hubs->len; k++)
			add_hub(all, room_address(ov->rooms->pdata[i]),
				top->hubs->pdata[k]);
	}
	return all;
}

static json_t *workers(const struct overview *ov)
{
	json_t *all = json_array();

	for (guint i = 0; i < ov->n_workers; i++) {
		const struct worker_report *rep = &ov->workers[i];

		json_array_append_new(
			all, json_pack("{s:i, s:I, s:f, s:b}", "worker", (int)i,
				       "sessions", (json_int_t)rep->sessions,
				       "stress", rep->stress, "open",
				       rep->effort < EFFORT_CLOSED));
	}
	return all;
}

/* Mail. */

/* Without who logs in there. */
static char *shown_url(const char *url)
{
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);

	return uri ? g_uri_to_string_partial(uri, G_URI_HIDE_USERINFO)
		   : g_strdup("");
}

static json_t *account(const struct overview_account *acc)
{
	g_autofree char *mailbox = shown_url(acc->mailbox);
	json_t *object = json_object();

	put(object, "account", acc->name);
	put(object, "mailbox", mailbox);
	put(object, "state",
	    !acc->reads	    ? "elsewhere"
	    : acc->watching ? "watching"
			    : "connecting");
	json_object_set_new(object, "since", json_integer(acc->since));
	if (acc->why)
		put(object, "why", acc->why);
	put_count(object, "mails", acc->mails);
	put_count(object, "sent", acc->sent);
	put_count(object, "late", acc->late);
	put_count(object, "refused", acc->refused);
	put_count(object, "waiting", acc->waiting);
	if (acc->delay_s >= 0)
		put_count(object, "delay_s", (guint64)acc->delay_s);
	return object;
}

static json_t *accounts(const struct overview *ov)
{
	json_t *all = json_array();

	for (guint i = 0; i < ov->n_accounts; i++)
		json_array_append_new(all, account(&ov->accounts[i]));
	return all;
}

static json_t *refused(const struct overview *ov)
{
	json_t *all = json_array();
	const struct refusal *ref;

	for (guint i = 0; (ref = refusals_get(ov->refusals, i)); i++) {
		json_t *object = json_object();

		json_object_set_new(object, "at", json_integer(ref->at));
		put(object, "account", ref->account);
		put(object, "from", ref->from);
		put(object, "room", ref->room);
		put(object, "how", ref->how);
		put(object, "reason", ref->reason);
		if (ref->file)
			put(object, "file", ref->file);
		json_array_append_new(all, object);
	}
	return all;
}

static json_t *errors(const struct overview *ov)
{
	json_t *all = json_array();

	for (guint i = 0; i < ov->troubles->len; i++) {
		const struct log_trouble *trouble = ov->troubles->pdata[i];
		json_t *object = json_object();

		json_object_set_new(object, "at", json_integer(trouble->at_ms));
		put(object, "level", trouble->error ? "error" : "warning");
		put(object, "text", trouble->text);
		put_count(object, "times", trouble->times);
		json_array_append_new(all, object);
	}
	return all;
}

char *overview_text(const struct overview *ov)
{
	static const struct {
		const char *name;
		json_t *(*make)(const struct overview *ov);
	} parts[] = {
		{ "missing", missing },	  { "rooms", rooms },
		{ "gates", gates },	  { "workers", workers },
		{ "accounts", accounts }, { "errors", errors },
		{ "refused", refused },
	};
	json_t *all = json_object();
	char *dump, *text;

	json_object_set_new(all, "at", json_integer(ov->at_ms));
	put(all, "bridge", ov->bridge);
	put(all, "release", IPSP_VERSION_TEXT);
	json_object_set_new(all, "started", json_integer(ov->started));
	json_object_set_new(all, "ready", json_boolean(!ov->missing->len));
	for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
		json_object_set_new(all, parts[i].name, parts[i].make(ov));
	dump = json_dumps(all, JSON_COMPACT);
	json_decref(all);
	text = g_strdup(dump);
	free(dump); /* what jansson allocates is not g_free()'s to free */
	return text;
}
