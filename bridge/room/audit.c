#include "bridge/room/audit.h"

void audit_row_free(struct audit_row *row)
{
	if (!row)
		return;
	g_free(row->room);
	g_free(row->who);
	g_free(row->from);
	g_free(row->what);
	g_free(row->whom);
	g_free(row->detail);
	g_free(row->outcome);
	g_free(row);
}
