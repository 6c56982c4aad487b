/* etcd_wire - what etcd 3.4's HTTP gateway is asked, and what it answers: the
 * JSON form of its gRPC messages (etcdserverpb). Keys and values are base64
 * there, 64 bit numbers are texts, and what is zero or empty is left out.
 *
 * Pure: no sockets. Answers are foreign bytes: what does not have the form
 * gives an error, a single key or value that is none of ours does not. */
#ifndef BRIDGE_DIRECTORY_ETCD_WIRE_H
#define BRIDGE_DIRECTORY_ETCD_WIRE_H

#include <glib.h>
#include <jansson.h>

/* Why a request failed: what there is to do about it. */
enum etcd_error {
	ETCD_AWAY,	/* unreachable, no leader, time-out: try again */
	ETCD_STRANGER,	/* the token is not known (any more): log in again */
	ETCD_NO_LEASE,	/* it ran out */
	ETCD_COMPACTED, /* that revision is no longer kept: read all */
	ETCD_REFUSED,	/* it will not be otherwise the next time */
};
#define ETCD_ERROR etcd_error_quark()
GQuark etcd_error_quark(void);

/* A key and its value, or that it is gone. */
struct etcd_kv {
	char *key;   /* relative to the prefix */
	char *value; /* NULL: gone, or no text of ours */
	gint64 created, modified, lease;
};
void etcd_kv_free(struct etcd_kv *kv);

/* ---- Requests; the caller owns the result ---- */

json_t *etcd_wire_authenticate(const char *user, const char *password);
json_t *etcd_wire_grant(guint seconds);
json_t *etcd_wire_lease(gint64 lease); /* keepalive and revoke */

/* Keys from `from` to before `to`, both with prefix; revision 0: now. */
json_t *etcd_wire_range(const char *from, const char *to, guint limit,
			gint64 revision);
json_t *etcd_wire_watch(const char *from, const char *to, gint64 revision);
/* The end of the range of all keys that begin with this; "" in etcd's way
 * ("\0") when there is no end. Caller frees. */
char *etcd_wire_range_end(const char *keys);

/* A transaction, built up; etcd_wire_if() at most once. */
json_t *etcd_wire_txn(void);
void etcd_wire_if_created(json_t *txn, const char *key, gint64 revision);
/* value NULL: remove; lease 0: none. */
void etcd_wire_then(json_t *txn, const char *key, const char *value,
		    gint64 lease);
void etcd_wire_else_read(json_t *txn, const char *key);

/* ---- Answers ---- */

/* The error in the answer of an HTTP status that is not 200. Caller frees. */
GError *etcd_wire_error(long status, const json_t *answer);

/* NULL and error when there is none. Caller frees. */
char *etcd_wire_token(const json_t *answer, GError **error);
/* Of grant and keepalive. seconds 0: the lease is gone. */
gboolean etcd_wire_lease_answer(const json_t *answer, gint64 *lease_r,
				gint64 *seconds_r, GError **error);

/* Keys that were read. */
struct etcd_page {
	gint64 revision;
	gboolean more;
	char *last;	/* key with prefix, NULL: none */
	GPtrArray *kvs; /* struct etcd_kv */
};
/* On failure page_r is zeroed. Foreign keys are left out. */
gboolean etcd_wire_page(const json_t *answer, const char *prefix,
			struct etcd_page *page_r, GError **error);
void etcd_page_fini(struct etcd_page *page);

struct etcd_outcome { /* of a transaction */
	gboolean succeeded;
	gint64 revision;
	struct etcd_kv *read; /* of else_read; NULL: it is not there */
};
gboolean etcd_wire_outcome(const json_t *answer, const char *prefix,
			   struct etcd_outcome *out_r, GError **error);
void etcd_outcome_fini(struct etcd_outcome *out);

/* One message of a watch. */
struct etcd_message {
	gint64 revision;
	gboolean created;  /* it has begun */
	gboolean canceled; /* it is over; reason may be NULL */
	gboolean fragment; /* more of this revision follows */
	gint64 compacted;  /* over because this is the first revision kept */
	char *reason;
	GPtrArray *kvs; /* struct etcd_kv, in order */
};
/* An error that etcd put into the stream comes as error. */
gboolean etcd_wire_message(const json_t *message, const char *prefix,
			   struct etcd_message *msg_r, GError **error);
void etcd_message_fini(struct etcd_message *msg);

#endif
