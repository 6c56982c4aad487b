#include "bridge/dialogs.h"

#include <string.h>

struct dialogs {
	GHashTable *by_did;    /* the member's did => struct dialog */
	GHashTable *by_member; /* member id => the same */
};

static void free_dialog(gpointer data)
{
	explicit_bzero(data, sizeof(struct dialog));
	g_free(data);
}

struct dialogs *dialogs_create(void)
{
	struct dialogs *dlgs = g_new0(struct dialogs, 1);

	dlgs->by_did = g_hash_table_new(g_str_hash, g_str_equal);
	dlgs->by_member = g_hash_table_new_full(NULL, NULL, NULL, free_dialog);
	return dlgs;
}

void dialogs_destroy(struct dialogs **dlgsp)
{
	struct dialogs *dlgs = *dlgsp;

	*dlgsp = NULL;
	if (!dlgs)
		return;
	g_hash_table_unref(dlgs->by_did);
	g_hash_table_unref(dlgs->by_member);
	g_free(dlgs);
}

void dialogs_add(struct dialogs *dlgs, struct member *mem,
		 const struct keys *keys, const struct ipsp_message *invite)
{
	struct dialog *dialog = g_new0(struct dialog, 1);

	dialog->member = mem;
	dialog->keys = *keys;
	dialog->has_cancel_hash = invite->has_cancel_hash;
	memcpy(dialog->cancel_hash, invite->cancel_hash,
	       sizeof(dialog->cancel_hash));
	g_hash_table_insert(dlgs->by_did, mem->did, dialog);
	g_hash_table_insert(dlgs->by_member, GUINT_TO_POINTER(mem->id), dialog);
}

void dialogs_remove(struct dialogs *dlgs, const struct member *mem)
{
	g_hash_table_remove(dlgs->by_did, mem->did);
	g_hash_table_remove(dlgs->by_member, GUINT_TO_POINTER(mem->id));
}

const struct dialog *dialogs_find(const struct dialogs *dlgs, const char *did)
{
	return g_hash_table_lookup(dlgs->by_did, did);
}

struct member *dialogs_member(const struct dialogs *dlgs, guint32 id)
{
	const struct dialog *dialog =
		g_hash_table_lookup(dlgs->by_member, GUINT_TO_POINTER(id));

	return dialog ? dialog->member : NULL;
}
