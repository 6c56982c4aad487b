#include "bridge/logins.h"

void logins_restore(struct store *sto, struct web *web, gint64 now)
{
	g_autoptr(GPtrArray) sessions = store_sessions(sto, now);

	for (guint i = 0; i < sessions->len; i++) {
		const struct store_session *kept = sessions->pdata[i];
		const struct login_session ses = { kept->digest, kept->address,
						   kept->expires };

		web_restore_session(web, &ses);
	}
}

void logins_opened(struct store *sto, const struct login_session *ses)
{
	const struct store_session kept = { (char *)ses->digest,
					    (char *)ses->address,
					    ses->expires };
	g_autoptr(GError) error = NULL;

	if (!store_add_session(sto, &kept, &error))
		g_warning("logins: this one ends with the bridge: %s",
			  error->message);
}

void logins_ended(struct store *sto, const char *digest)
{
	g_autoptr(GError) error = NULL;

	if (!store_end_session(sto, digest, &error))
		g_warning("logins: one that has logged out is logged in again "
			  "after a restart: %s",
			  error->message);
}
