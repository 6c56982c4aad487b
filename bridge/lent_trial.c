#include "bridge/lent_trial.h"

#include <openssl/rand.h>
#include <string.h>

#include "bridge/lent.h"
#include "bridge/lent_probe.h"

#define GATE	       "probe"
#define PAYLOAD_TYPE   111
#define BITRATE	       32000 /* of the room's sound, which nobody hears */
#define PASSWORD_BYTES 18    /* 24 letters */

struct lent_trial {
	const struct lent_trial_events *events;
	void *arg;
	char *site;
	struct ipsp_gate offered;
	char did[IPSP_DID_LENGTH + 1];
	char password[PASSWORD_BYTES / 3 * 4 + 1];
	struct lent_probe *probe; /* NULL: the session is not open yet */
};

static void name_of(const struct lent_trial *trial, enum document_kind kind,
		    struct document_name *name_r)
{
	*name_r = (struct document_name){ .kind = kind };
	g_strlcpy(name_r->site, trial->site, sizeof(name_r->site));
	g_strlcpy(name_r->room, LENT_TRIAL_ROOM, sizeof(name_r->room));
	if (kind == DOCUMENT_WANT_SESSION)
		g_strlcpy(name_r->did, trial->did, sizeof(name_r->did));
}

/* doc NULL: it is gone. */
static void want(const struct lent_trial *trial, enum document_kind kind,
		 gconstpointer doc)
{
	g_autofree char *text = doc ? document_write(kind, doc) : NULL;
	g_autofree char *key = NULL;
	struct document_name name;

	name_of(trial, kind, &name);
	key = document_key(&name);
	trial->events->want(key, text, trial->arg);
}

static void random_bytes(guint8 *bytes, gsize size)
{
	if (RAND_bytes(bytes, (int)size) != 1)
		g_error("site: the system gives no random bytes");
}

/* What the gate is to know of the session, for its eyes only. */
static void seal_keys(const struct lent_trial *trial,
		      const struct seal *cluster, char *text_r, gsize cap)
{
	SCOPED(seal) seal = lent_seal(cluster, trial->site);
	struct document_secret secret = { .ssrc_c2b = 1, .ssrc_b2c = 2 };
	g_autoptr(GBytes) bytes = NULL;
	g_autofree char *sealed = NULL;
	g_autofree char *key = NULL;
	struct document_name name;

	random_bytes(secret.srtp_c2b, sizeof(secret.srtp_c2b));
	random_bytes(secret.srtp_b2c, sizeof(secret.srtp_b2c));
	g_strlcpy(secret.stun_password, trial->password,
		  sizeof(secret.stun_password));
	bytes = document_secret_write(&secret);
	explicit_bzero(&secret, sizeof(secret));
	name_of(trial, DOCUMENT_WANT_SESSION, &name);
	key = document_key(&name);
	sealed = seal_close(seal, key, bytes);
	g_strlcpy(text_r, sealed, cap);
}

static void make_password(struct lent_trial *trial)
{
	guint8 random[PASSWORD_BYTES];
	g_autofree char *password = NULL;

	random_bytes(random, sizeof(random));
	password = keys_base64url(random, sizeof(random));
	g_strlcpy(trial->password, password, sizeof(trial->password));
}

struct lent_trial *lent_trial_create(const char *site, const char *instance,
				     const struct ipsp_gate *offered,
				     const struct seal *cluster,
				     const struct lent_trial_events *events,
				     void *arg)
{
	struct lent_trial *trial = g_new0(struct lent_trial, 1);
	struct document_want_hub hub = {
		.plan = 1,
		.hub = 1,
		.sound = { .talkers = 1, .bitrate = BITRATE },
		.root = TRUE,
	};
	struct document_want_session session = {
		.gate = GATE,
		.origin = 1,
		.standby = TRUE,
		.payload_type = PAYLOAD_TYPE,
		.srtp = TRUE,
		.volume = 100,
	};

	trial->events = events;
	trial->arg = arg;
	trial->site = g_strdup(site);
	trial->offered = *offered;
	ipsp_did_generate(trial->did);
	make_password(trial);
	g_strlcpy(hub.instance, instance, sizeof(hub.instance));
	g_strlcpy(session.instance, instance, sizeof(session.instance));
	want(trial, DOCUMENT_WANT_HUB, &hub);
	seal_keys(trial, cluster, session.sealed, sizeof(session.sealed));
	want(trial, DOCUMENT_WANT_SESSION, &session);
	return trial;
}

void lent_trial_destroy(struct lent_trial **trialp)
{
	struct lent_trial *trial = *trialp;

	*trialp = NULL;
	if (!trial)
		return;
	lent_probe_destroy(&trial->probe);
	want(trial, DOCUMENT_WANT_SESSION, NULL);
	want(trial, DOCUMENT_WANT_HUB, NULL);
	explicit_bzero(trial->password, sizeof(trial->password));
	g_free(trial->site);
	g_free(trial);
}

static void probed(const struct ipsp_gate *reached, void *arg)
{
	struct lent_trial *trial = arg;

	trial->events->done(reached, trial->arg);
}

void lent_trial_told(struct lent_trial *trial, const struct document_name *name)
{
	if (!trial->probe && name->kind == DOCUMENT_STATUS_SESSION &&
	    !strcmp(name->did, trial->did))
		trial->probe =
			lent_probe_create(&trial->offered, trial->did,
					  trial->password, probed, trial);
}
