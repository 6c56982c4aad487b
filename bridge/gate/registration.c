/* registration - how a session's address becomes its path: an authenticated
 * STUN Binding request, and then proof that whoever sent it also receives
 * there (docs/ipsp.md, "At the PhoneGate"). A browser has its own rules:
 * ice.c. */
#include "bridge/gate/private.h"

#include <string.h>

#include <openssl/crypto.h>

#include "mixer/wire.h"

#define EPOCH_US      60000000u /* a cookie is right for one to two epochs */
#define TRY_ALTERNATE 300	/* RFC 8489 14.8 */

/* Of two places of a dialog here the later one, which is nearest in the
 * lookup: nobody comes back to a place that he left. */
static struct session *find_user(const struct engine *eng, const char *username)
{
	struct lookup_node *node =
		lookup_first(&eng->by_name, lookup_hash(&eng->by_name, username,
							strlen(username)));

	while (node && strcmp(node->ses->username, username))
		node = lookup_next(node);
	return node ? node->ses : NULL;
}

/* Stateless but for what a captured request must not know: the cookie dies
 * with its epoch, and with the path's next move, so that an address which
 * once was proven cannot be brought back by a replay. */
static void make_cookie(const struct engine *eng, const struct session *ses,
			const struct path *path, uint64_t epoch,
			uint8_t cookie_r[STUN_COOKIE_SIZE])
{
	uint8_t what[PATH_KEY_SIZE + 8 + STUN_MAX_USERNAME];
	size_t length = strlen(ses->username);

	path_key(path, what);
	wire_put32(what + PATH_KEY_SIZE, ses->moves);
	wire_put32(what + PATH_KEY_SIZE + 4, (uint32_t)epoch);
	memcpy(what + PATH_KEY_SIZE + 8, ses->username, length);
	stun_cookie(&eng->cookie_secret, what, PATH_KEY_SIZE + 8 + length,
		    cookie_r);
}

static bool cookie_right(const struct engine *eng, const struct session *ses,
			 const struct path *from,
			 const struct stun_message *request, uint64_t now_us)
{
	uint64_t epoch = now_us / EPOCH_US;
	bool right = false;

	for (unsigned age = 0; request->has_cookie && age < 2; age++) {
		uint8_t cookie[STUN_COOKIE_SIZE];

		make_cookie(eng, ses, from, epoch - age, cookie);
		right |=
			!CRYPTO_memcmp(cookie, request->cookie, sizeof(cookie));
	}
	return right;
}

/* What an authenticated request changes. On the proven path it renews the
 * consent, if it is fresh: a captured one must not keep a dead session. */
static void take_request(struct engine *eng, struct session *ses,
			 const struct path *from, bool right, uint64_t now_us)
{
	if (!path_equal(&ses->path, from)) {
		if (ses->alternate.kind != PATH_NONE)
			return; /* where it is sent it shows its address */
		if (right)
			engine_adopt_path(eng, ses, from, now_us);
		else
			engine_set_candidate(eng, ses, from);
		return;
	}
	engine_forget_candidate(eng, ses);
	if (right || ses->heard) {
		ses->consent_us = now_us;
		ses->heard = false;
	}
}

static void answer(struct engine *eng, struct session *ses,
		   const struct path *from, const struct stun_message *request,
		   size_t request_size, uint64_t now_us)
{
	struct stun_message msg = { 0 };
	uint8_t *buf = outbox_buffer(&eng->outbox);
	int size;

	memcpy(msg.transaction, request->transaction, sizeof(msg.transaction));
	if (ses->alternate.kind == PATH_NONE) {
		msg.type = STUN_BINDING_SUCCESS;
		msg.has_cookie = !ses->ice;
		make_cookie(eng, ses, from, now_us / EPOCH_US, msg.cookie);
		path_address(from, &msg.address);
	} else {
		msg.type = STUN_BINDING_ERROR;
		msg.error = TRY_ALTERNATE;
		path_address(&ses->alternate, &msg.alternate);
	}
	size = stun_encode(&msg, &ses->key, buf, RTP_MAX_PACKET);
	if (size > (int)request_size) {
		count(&eng->counters.malformed, 1);
		return;
	}
	outbox_commit(&eng->outbox, from, size);
}

void registration_packet(struct engine *eng, const struct path *from,
			 const uint8_t *buf, size_t size, uint64_t now_us)
{
	struct stun_message msg;
	struct session *ses;

	if (stun_decode(&msg, buf, size) || msg.type != STUN_BINDING_REQUEST ||
	    !msg.fingerprint || msg.unknown_required) {
		count(&eng->counters.malformed, 1);
		return;
	}
	ses = find_user(eng, msg.username);
	if (!ses) {
		count(&eng->counters.unknown_user, 1);
		return;
	}
	if (!stun_authentic(&msg, buf, &ses->key)) {
		count(&eng->counters.bad_key, 1);
		return;
	}
	if (ses->ice)
		ice_check(eng, ses, from, &msg, size, now_us);
	else
		take_request(eng, ses, from,
			     cookie_right(eng, ses, from, &msg, now_us),
			     now_us);
	/* The cookie in the answer is that of the path as it is now. */
	answer(eng, ses, from, &msg, size, now_us);
}
