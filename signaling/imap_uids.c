#include "signaling/imap_uids.h"

enum uid_state {
	UID_WANTED,
	UID_FETCHING,
	UID_SHOWN,
	UID_DONE,
	UID_DELETING,
	UID_GONE, /* leaves the tree */
};

struct imap_uids {
	guint32 validity;  /* 0: unknown */
	guint32 next;	   /* at and above: never seen */
	guint32 highest;   /* of the FETCH under way */
	GTree *mails;	   /* UID to enum uid_state, below and above next */
	guint done;	   /* mails in state UID_DONE */
	gboolean complete; /* what is below next was looked for */
	gboolean listed;   /* the FETCH under way names wanted UIDs */
};

static gint by_number(const void *a, const void *b, void *unused)
{
	guint x = GPOINTER_TO_UINT(a), y = GPOINTER_TO_UINT(b);

	(void)unused;
	return (x > y) - (x < y);
}

static void set_state(struct imap_uids *uids, guint32 uid, enum uid_state state)
{
	g_tree_replace(uids->mails, GUINT_TO_POINTER(uid),
		       GUINT_TO_POINTER(state));
}

/* Everything in state `from` comes to state `to`; at most `max`. Returns the
 * set in IMAP's form, or NULL. */
static char *move_set(struct imap_uids *uids, enum uid_state from,
		      enum uid_state to, guint max)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(guint32));
	GTreeNode *node = g_tree_node_first(uids->mails);
	g_autoptr(GString) set = g_string_new(NULL);

	for (; node && found->len < max; node = g_tree_node_next(node)) {
		guint32 uid = GPOINTER_TO_UINT(g_tree_node_key(node));

		if (GPOINTER_TO_UINT(g_tree_node_value(node)) == from)
			g_array_append_val(found, uid);
	}
	for (guint i = 0; i < found->len; i++) {
		guint32 uid = g_array_index(found, guint32, i);

		g_string_append_printf(set, "%s%u", i ? "," : "", uid);
		if (to == UID_GONE)
			g_tree_remove(uids->mails, GUINT_TO_POINTER(uid));
		else
			set_state(uids, uid, to);
	}
	if (from == UID_DONE)
		uids->done -= found->len;
	if (to == UID_DONE)
		uids->done += found->len;
	return set->len ? g_string_free(g_steal_pointer(&set), FALSE) : NULL;
}

static void move_all(struct imap_uids *uids, enum uid_state from,
		     enum uid_state to)
{
	g_free(move_set(uids, from, to, G_MAXUINT));
}

static gboolean parse_position(const char *text, guint32 *validity_r,
			       guint32 *next_r)
{
	g_auto(GStrv) words = g_strsplit(text, ":", -1);
	guint64 validity, next;

	if (g_strv_length(words) != 2 ||
	    !g_ascii_string_to_unsigned(words[0], 10, 1, G_MAXUINT32, &validity,
					NULL) ||
	    !g_ascii_string_to_unsigned(words[1], 10, 1, G_MAXUINT32, &next,
					NULL))
		return FALSE;
	*validity_r = (guint32)validity;
	*next_r = (guint32)next;
	return TRUE;
}

struct imap_uids *imap_uids_create(const char *position)
{
	struct imap_uids *uids = g_new0(struct imap_uids, 1);

	uids->mails = g_tree_new_full(by_number, NULL, NULL, NULL);
	uids->next = 1;
	if (!position)
		return uids;
	uids->complete = parse_position(position, &uids->validity, &uids->next);
	if (!uids->complete)
		g_warning("mailbox: position is not UIDVALIDITY:UID: %s",
			  position);
	return uids;
}

void imap_uids_destroy(struct imap_uids **uidsp)
{
	struct imap_uids *uids = g_steal_pointer(uidsp);

	if (!uids)
		return;
	g_tree_unref(uids->mails);
	g_free(uids);
}

gboolean imap_uids_select(struct imap_uids *uids, guint32 uidvalidity,
			  guint32 uidnext)
{
	if (uids->validity == uidvalidity)
		return uids->complete;
	g_tree_remove_all(uids->mails);
	uids->done = 0;
	uids->validity = uidvalidity;
	uids->next = uidnext;
	uids->complete = FALSE;
	return FALSE;
}

void imap_uids_want(struct imap_uids *uids, guint32 uid)
{
	/* From `next` on it comes with what is new. */
	if (uid < uids->next &&
	    !g_tree_lookup_node(uids->mails, GUINT_TO_POINTER(uid)))
		set_state(uids, uid, UID_WANTED);
}

void imap_uids_searched(struct imap_uids *uids)
{
	uids->complete = TRUE;
}

char *imap_uids_fetch_set(struct imap_uids *uids, guint max)
{
	char *set = move_set(uids, UID_WANTED, UID_FETCHING, max);

	uids->highest = 0;
	uids->listed = set != NULL;
	if (set)
		return set;
	/* Not "n:*": that names the last mail even when it is below n. */
	return g_strdup_printf("%u:%u", uids->next, G_MAXUINT32);
}

gboolean imap_uids_came(struct imap_uids *uids, guint32 uid)
{
	GTreeNode *node =
		g_tree_lookup_node(uids->mails, GUINT_TO_POINTER(uid));

	if (!uid)
		return FALSE;
	if (!uids->listed)
		uids->highest = MAX(uids->highest, uid);
	if (node ? GPOINTER_TO_UINT(g_tree_node_value(node)) != UID_FETCHING
		 : uid < uids->next)
		return FALSE;
	set_state(uids, uid, UID_SHOWN);
	return TRUE;
}

void imap_uids_deleted(struct imap_uids *uids, guint32 uid)
{
	if (!imap_uids_came(uids, uid))
		return;
	set_state(uids, uid, UID_DONE);
	uids->done++;
}

gboolean imap_uids_fetched(struct imap_uids *uids)
{
	/* Asked for and not given: somebody else deleted it. */
	move_all(uids, UID_FETCHING, UID_GONE);
	if (uids->highest >= uids->next)
		uids->next = MIN(uids->highest, G_MAXUINT32 - 1) + 1;
	return uids->listed;
}

gboolean imap_uids_done(struct imap_uids *uids, guint32 uidvalidity,
			guint32 uid)
{
	GTreeNode *node =
		g_tree_lookup_node(uids->mails, GUINT_TO_POINTER(uid));

	if (uidvalidity != uids->validity || !node ||
	    GPOINTER_TO_UINT(g_tree_node_value(node)) != UID_SHOWN)
		return FALSE;
	set_state(uids, uid, UID_DONE);
	uids->done++;
	return TRUE;
}

char *imap_uids_delete_set(struct imap_uids *uids, guint max)
{
	return uids->done ? move_set(uids, UID_DONE, UID_DELETING, max) : NULL;
}

gboolean imap_uids_any_done(const struct imap_uids *uids)
{
	return uids->done;
}

void imap_uids_expunged(struct imap_uids *uids)
{
	move_all(uids, UID_DELETING, UID_GONE);
}

void imap_uids_lost(struct imap_uids *uids)
{
	move_all(uids, UID_FETCHING, UID_WANTED);
	move_all(uids, UID_DELETING, UID_DONE);
}

guint32 imap_uids_validity(const struct imap_uids *uids)
{
	return uids->validity;
}

char *imap_uids_position(const struct imap_uids *uids)
{
	GTreeNode *first = g_tree_node_first(uids->mails);
	guint32 low = uids->next;

	if (!uids->complete)
		return NULL;
	if (first)
		low = MIN(low, GPOINTER_TO_UINT(g_tree_node_key(first)));
	return g_strdup_printf("%u:%u", uids->validity, low);
}
