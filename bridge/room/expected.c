#include "bridge/room/expected.h"

#include <string.h>

#include "bridge/room/door.h"
#include "bridge/room/room_link.h"

struct expected {
	const struct room_link *link;
	GPtrArray *guests;
	gint64 now; /* of the last expected_run() */
};

static void free_guest(gpointer data)
{
	struct expected_guest *guest = data;

	g_free(guest->address);
	g_free(guest->name);
	g_free(guest->by);
	g_free(guest);
}

struct expected *expected_create(const struct room_link *link)
{
	struct expected *exp = g_new0(struct expected, 1);

	exp->link = link;
	exp->guests = g_ptr_array_new_with_free_func(free_guest);
	return exp;
}

void expected_destroy(struct expected **expp)
{
	struct expected *exp = *expp;

	*expp = NULL;
	if (!exp)
		return;
	g_ptr_array_unref(exp->guests);
	g_free(exp);
}

const GPtrArray *expected_guests(const struct expected *exp)
{
	return exp->guests;
}

/* NULL: that person is not called. */
static struct expected_guest *find(const struct expected *exp,
				   const char *address)
{
	for (guint i = 0; i < exp->guests->len; i++) {
		struct expected_guest *guest = exp->guests->pdata[i];

		if (door_same_person(guest->address, address))
			return guest;
	}
	return NULL;
}

gboolean expected_waits_for(const struct expected *exp, const char *address)
{
	const struct expected_guest *guest = find(exp, address);

	return guest && guest->state == EXPECTED_WAITING;
}

gboolean expected_has_room(const struct expected *exp, const char *address,
			   GError **error)
{
	if (exp->guests->len < EXPECTED_MAX || find(exp, address))
		return TRUE;
	g_set_error(error, ROOM_ERROR, ROOM_ERROR_LIMIT,
		    "%d people are called into %s already; wait for them.",
		    EXPECTED_MAX, room_name(exp->link->room));
	return FALSE;
}

void expected_add(struct expected *exp, const struct expected_guest *guest)
{
	struct expected_guest *copy =
		g_memdup2(guest, sizeof(struct expected_guest));

	copy->address = g_strdup(guest->address);
	copy->name = g_strdup(guest->name ? guest->name : "");
	copy->by = g_strdup(guest->by);
	if (!copy->until) {
		copy->at = exp->now;
		copy->until = exp->now + EXPECTED_LIFE_S;
	}
	g_ptr_array_remove(exp->guests, find(exp, guest->address));
	g_ptr_array_add(exp->guests, copy);
	if (exp->link->effects->expect)
		exp->link->effects->expect(copy->address, exp->link->arg);
	room_link_expected(exp->link, copy->by);
}

void expected_came(struct expected *exp, const char *address)
{
	if (g_ptr_array_remove(exp->guests, find(exp, address)))
		room_link_expected(exp->link, NULL);
}

static struct expected_guest *by_did(const struct expected *exp,
				     const char *did)
{
	for (guint i = 0; i < exp->guests->len; i++) {
		struct expected_guest *guest = exp->guests->pdata[i];

		if (*guest->did && !strcmp(guest->did, did))
			return guest;
	}
	return NULL;
}

gboolean expected_end(struct expected *exp, const char *did,
		      const char *address, enum expected_state state)
{
	struct expected_guest *guest = by_did(exp, did);

	if (!guest || (address && !door_same_person(guest->address, address)))
		return FALSE;
	if (guest->state != EXPECTED_WAITING)
		return TRUE;
	guest->state = state;
	room_link_expected(exp->link, NULL);
	return TRUE;
}

void expected_run(struct expected *exp, gint64 now)
{
	const guint before = exp->guests->len;

	exp->now = now;
	for (guint i = before; i-- > 0;) {
		const struct expected_guest *guest = exp->guests->pdata[i];

		if (guest->until <= now)
			g_ptr_array_remove_index(exp->guests, i);
	}
	if (exp->guests->len != before)
		room_link_expected(exp->link, NULL);
}
