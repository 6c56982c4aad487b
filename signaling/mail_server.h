/* mail_server - where a mail server is, how it is secured and who logs in:
 * what IMAP, POP3 and SMTP have in common. */
#ifndef SIGNALING_MAIL_SERVER_H
#define SIGNALING_MAIL_SERVER_H

#include <curl/curl.h>
#include <glib.h>

struct mail_server {
	char *url;  /* scheme://host[:port]/, without user and password */
	char *path; /* decoded, without its first slash; "" when none */
	gboolean loopback;
	char *username, *password, *ca_file; /* each may be NULL */
};

/* url is scheme://HOST[:PORT][/PATH]; a user in it is refused, for URLs are
 * logged. The strings are copied. */
gboolean mail_server_init(struct mail_server *srv, const char *url,
			  const char *username, const char *password,
			  const char *ca_file, GError **error);
/* Wipes the password. Takes a zeroed struct. */
void mail_server_fini(struct mail_server *srv);

/* Sets URL, log-in, TLS (demanded of all but a loopback server for which no
 * ca_file is given) and time-outs on a handle. srv must outlive it. */
void mail_server_apply(const struct mail_server *srv, CURL *easy);

#endif
