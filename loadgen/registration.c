#include "loadgen/registration.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>

#define TRY_ALTERNATE 300	    /* RFC 8489 14.8 */
#define AGAIN_US      (1000 * 1000) /* to a gate that sends us elsewhere */

int registration_init(struct registration *reg,
		      const struct registration_config *cfg, uint64_t now_us)
{
	if (!cfg->n_targets || cfg->n_targets > REGISTRATION_MAX_TARGETS)
		return -EINVAL;
	*reg = (struct registration){ .cfg = *cfg, .due_us = now_us };
	stun_key_init(&reg->key, cfg->password);
	return 0;
}

static void leave_target(struct registration *reg, uint64_t now_us)
{
	if (reg->registered)
		reg->lost_us = now_us;
	reg->registered = false;
	reg->connecting = reg->connected = reg->echoing = false;
	reg->tries = 0;
	reg->failed++;
	reg->target = (reg->target + 1) % reg->cfg.n_targets;
	/* Targets that refuse at once are not asked in a tight circle. */
	reg->due_us = now_us + (reg->target ? 0 : REGISTRATION_TRY_US);
	/* A cookie belongs to one gate's secret and one source address. */
	memset(reg->cookie, 0, sizeof(reg->cookie));
}

static bool exhausted(const struct registration *reg, uint64_t now_us)
{
	/* In mid-call an outage is sat out as long as the gate does. */
	if (reg->ever)
		return !reg->registered &&
		       now_us - reg->lost_us > REGISTRATION_LOST_US;
	return reg->failed >= reg->cfg.n_targets * reg->cfg.laps;
}

static int request(struct registration *reg, uint64_t now_us, uint8_t *buf,
		   size_t cap)
{
	struct stun_message msg = { .type = STUN_BINDING_REQUEST,
				    .has_cookie = true };
	int n;

	if (!reg->tries && getrandom(reg->transaction, sizeof(reg->transaction),
				     0) != sizeof(reg->transaction))
		return -EIO;
	memcpy(msg.transaction, reg->transaction, sizeof(msg.transaction));
	memcpy(msg.username, reg->cfg.username, sizeof(msg.username));
	memcpy(msg.cookie, reg->cookie, sizeof(msg.cookie));
	n = stun_encode(&msg, &reg->key, buf, cap);
	if (n > 0) {
		reg->tries++;
		reg->due_us = now_us + REGISTRATION_TRY_US;
	}
	return n;
}

int registration_poll(struct registration *reg, uint64_t now_us, uint8_t *buf,
		      size_t cap)
{
	if (now_us < reg->due_us)
		return 0;
	if (reg->tries == REGISTRATION_TRIES || reg->connecting)
		leave_target(reg, now_us);
	if (exhausted(reg, now_us))
		return -EHOSTUNREACH;
	if (reg->cfg.targets[reg->target].websocket && !reg->connected) {
		reg->connecting = true;
		reg->due_us = now_us + REGISTRATION_CONNECT_US;
		return -ENOTCONN;
	}
	return request(reg, now_us, buf, cap);
}

static int success(struct registration *reg, const struct stun_message *msg,
		   uint64_t now_us)
{
	bool first = !reg->registered;

	reg->registered = reg->ever = true;
	reg->failed = 0;
	reg->due_us = now_us + reg->cfg.keep_us / 2;
	if (reg->cfg.echo && msg->has_cookie) {
		/* A gate may change the cookie once it has come back to it:
		 * that one goes with the next consent, not in a circle. */
		reg->echoing = !reg->echoing && memcmp(reg->cookie, msg->cookie,
						       sizeof(reg->cookie));
		memcpy(reg->cookie, msg->cookie, sizeof(reg->cookie));
		if (reg->echoing)
			reg->due_us = now_us;
	}
	return first ? REGISTRATION_NEW : REGISTRATION_RENEWED;
}

static int refused(struct registration *reg, const struct stun_message *msg,
		   uint64_t now_us)
{
	if (msg->error != TRY_ALTERNATE) {
		leave_target(reg, now_us);
		return REGISTRATION_REFUSED;
	}
	reg->alternate = msg->alternate;
	reg->echoing = false;
	reg->due_us = now_us + AGAIN_US;
	return REGISTRATION_REDIRECT;
}

int registration_receive(struct registration *reg, const uint8_t *buf,
			 size_t size, uint64_t now_us)
{
	struct stun_message msg;

	if (stun_decode(&msg, buf, size) < 0)
		return -EBADMSG;
	if (!stun_authentic(&msg, buf, &reg->key))
		return -EACCES;
	if (!reg->tries ||
	    memcmp(msg.transaction, reg->transaction, sizeof(msg.transaction)))
		return -ESTALE;
	if (msg.type != STUN_BINDING_SUCCESS && msg.type != STUN_BINDING_ERROR)
		return -EBADMSG;

	reg->tries = 0;
	return msg.type == STUN_BINDING_SUCCESS ? success(reg, &msg, now_us)
						: refused(reg, &msg, now_us);
}

static bool same_address(const struct sockaddr_storage *a,
			 const struct sockaddr_storage *b)
{
	struct sockaddr_in a4, b4;
	struct sockaddr_in6 a6, b6;

	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET) {
		memcpy(&a4, a, sizeof(a4));
		memcpy(&b4, b, sizeof(b4));
		return a4.sin_port == b4.sin_port &&
		       a4.sin_addr.s_addr == b4.sin_addr.s_addr;
	}
	memcpy(&a6, a, sizeof(a6));
	memcpy(&b6, b, sizeof(b6));
	return a->ss_family == AF_INET6 && a6.sin6_port == b6.sin6_port &&
	       !memcmp(&a6.sin6_addr, &b6.sin6_addr, sizeof(a6.sin6_addr));
}

bool registration_is_at(const struct registration *reg, unsigned target,
			const struct sockaddr_storage *address)
{
	const struct registration_target *at = &reg->cfg.targets[target];

	return !at->websocket && same_address(&at->address, address);
}

void registration_restart(struct registration *reg,
			  const struct sockaddr_storage *address,
			  uint64_t now_us)
{
	unsigned target = 0;

	for (unsigned i = 0; address && i < reg->cfg.n_targets; i++)
		if (registration_is_at(reg, i, address))
			target = i;
	reg->target = target;
	reg->registered = reg->ever = false;
	reg->connecting = reg->connected = reg->echoing = false;
	reg->tries = reg->failed = 0;
	reg->due_us = now_us;
	memset(reg->cookie, 0, sizeof(reg->cookie));
}

void registration_connected(struct registration *reg, uint64_t now_us)
{
	reg->connecting = false;
	reg->connected = true;
	reg->due_us = now_us;
}

void registration_unreachable(struct registration *reg, uint64_t now_us)
{
	leave_target(reg, now_us);
}

void registration_check(struct registration *reg, uint64_t now_us)
{
	if (reg->registered && !reg->tries && reg->due_us > now_us)
		reg->due_us = now_us;
}
