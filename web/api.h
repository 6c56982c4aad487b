/* api - the HTTP requests: the panel's files, log-in and out, health
 * (docs/panel-api.md, "HTTP").
 *
 * A POST must come from a page of ours and be JSON. A link that was mailed
 * leads to a page, which posts the token only when a person presses its
 * button: a mail scanner that opens the link uses nothing up. */
#ifndef WEB_API_H
#define WEB_API_H

#include <glib.h>

#include "web/credential.h"
#include "web/login.h"
#include "web/server.h"
#include "web/who.h"

struct api;

struct api_config {
	const char *url;   /* as people reach us, without a final slash */
	const char *files; /* directory */
};

struct api_events {
	/* Either may log in. */
	gboolean (*is_moderator)(const char *address, void *arg);
	gboolean (*is_operator)(const char *address, void *arg);
	/* The operator's page as JSON; the caller frees. */
	char *(*overview)(void *arg);
	/* Whose token it is, for who_clear(); FALSE: none that is valid. */
	gboolean (*token)(const char *token, struct who *who_r, void *arg);
	/* The room's audit trail; NULL: one does not moderate it. */
	GBytes *(*audit_csv)(const struct who *who, const char *room,
			     void *arg);
	/* The path of a file of a recording, caller frees; NULL: there is none
	 * that one may have. */
	char *(*recording_file)(const struct who *who, const char *id,
				const char *file, void *arg);
	void (*mail_login)(const char *address, const char *link,
			   gboolean japanese, void *arg);
	struct login_events sessions; /* with the same arg */
	/* A session ended: its sockets are to be closed. */
	void (*logged_out)(void *arg);
};

struct api *api_create(const struct api_config *cfg,
		       const struct api_events *events, void *arg,
		       GError **error);
void api_destroy(struct api **apip);

void api_request(struct api *api, const struct server_request *req,
		 struct server_reply *reply_r);

/* See login_restore(). */
void api_restore_session(struct api *api, const struct login_session *ses);

/* What the request shows; the caller clears. */
void api_credential(const struct api *api, const struct server_request *req,
		    struct credential *cred_r);
/* For whom that is good now, for who_clear(); FALSE: for nobody. */
gboolean api_who(struct api *api, const struct credential *cred,
		 struct who *who_r);
/* Is the request's Origin ours (origin.h)? */
gboolean api_origin_is_ours(const struct api *api,
			    const struct server_request *req);

/* A fresh log-in link; caller frees. */
char *api_login_link(struct api *api, const char *address);

/* The Content-Security-Policy of all pages; caller frees. */
char *api_security_policy(const struct api *api);
gboolean api_is_https(const struct api *api);

#endif
