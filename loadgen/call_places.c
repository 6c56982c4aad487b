/* call_places - which gate has the call (docs/ipsp.md, "Standby"): whether the
 * one where we are still lives, when the standby is asked, and the way over.
 *
 * Whoever answers first has us. A standby that was asked and not needed has
 * heard a request and nothing else: it is as fresh as before. */
#include "loadgen/call_private.h"

#include <errno.h>

#define WATCH_US     (60 * 1000)       /* of silence: does it live? */
#define PAUSE_US     (350 * 1000)      /* the same, when it had said no more */
#define GIVE_UP_US   (540 * 1000)      /* unanswered: 600 ms in all */
#define STALL_US     (100 * 1000)      /* our own clock stood still */
#define REFUSALS     2		       /* one may be of an older packet */
#define ASK_AGAIN_US (200 * 1000)      /* between two rounds of standbys */
#define HEAR_BOTH_US (2 * 1000 * 1000) /* then the old gate is left */
#define BYES	     3		       /* nobody acknowledges them */
#define BYE_AGAIN_US (200 * 1000)

static void release(struct call *call, struct call_place *place)
{
	place->next = NULL;
	if (call->io->release(place, call->arg))
		return;
	place->next = call->released;
	call->released = place;
}

static void offer_released(struct call *call)
{
	struct call_place *place = call->released;

	call->released = NULL;
	while (place) {
		struct call_place *next = place->next;

		release(call, place);
		place = next;
	}
}

struct call_place *call_place_of(struct call *call, uint32_t ssrc)
{
	if (call->active->ssrc == ssrc)
		return call->active;
	return call->left && call->left->ssrc == ssrc ? call->left : NULL;
}

/* --- asking the standbys --- */

static struct call_place *standby_at(const struct call *call,
				     const struct sockaddr_storage *address)
{
	for (struct call_place *place = call->standbys; place;
	     place = place->next)
		for (unsigned i = 0; i < place->reg.cfg.n_targets; i++)
			if (registration_is_at(&place->reg, i, address))
				return place;
	return call->standbys;
}

/* address: where we were sent, or NULL. */
static void ask(struct call *call, enum call_switch_why why,
		const struct sockaddr_storage *address, uint64_t now_us)
{
	if (call->asked || !call->standbys)
		return;
	call->asked = address ? standby_at(call, address) : call->standbys;
	registration_restart(&call->asked->reg, address, now_us);
	if (!call->switching)
		call->change.why = why;
}

static void ask_next(struct call *call, uint64_t now_us)
{
	call->asked = call->asked->next;
	if (!call->asked) {
		call->asked = call->standbys;
		call->asked_all = true;
		now_us += ASK_AGAIN_US;
	}
	registration_restart(&call->asked->reg, NULL, now_us);
}

void call_set_standby(struct call *call, struct call_place *place,
		      uint64_t now_us)
{
	if (place->k <= call->last_k) {
		release(call, place);
		return;
	}
	call->last_k = place->k;
	while (call->standbys) {
		struct call_place *old = call->standbys;

		call->standbys = old->next;
		release(call, old);
	}
	place->next = NULL;
	call->standbys = place;
	call->asked = NULL;
	call->asked_all = false;
	if (call->redirected)
		ask(call, CALL_REDIRECTED, &call->active->reg.alternate,
		    now_us);
}

/* --- the way over --- */

static void unlink_standby(struct call *call, struct call_place *place)
{
	struct call_place **at = &call->standbys;

	while (*at != place)
		at = &(*at)->next;
	*at = place->next;
	place->next = NULL;
}

static void say_bye(struct call *call, uint64_t now_us)
{
	static const struct stream_extra bye = { .bye = true, .moved = true };

	call_send_rtcp(call, call->left, &bye, now_us);
	call->byes_us = now_us;
}

/* Nothing will come from there that we want to know of. */
static void forget_left(struct call *call, uint64_t now_us)
{
	if (!call->left)
		return;
	if (call->switching || call->byes)
		say_bye(call, now_us);
	call->byes = 0;
	release(call, call->left);
	call->left = NULL;
}

/* One that was on its way is part of this one: from where it began. */
static void begin_switch(struct call *call, unsigned from, uint64_t now_us)
{
	if (!call->switching) {
		call->ear ^= 1;
		call->change.from = from;
		call->old_heard_us = call->pausing ? call->heard_us : 0;
	}
	call_reset_ear(&call->heard[call->ear]);
	call->switching = true;
	call->change.to = call->active->k;
	call->switched_us = now_us;
}

static void switch_to(struct call *call, struct call_place *place,
		      uint64_t now_us)
{
	struct call_place *old = call->active;

	unlink_standby(call, place);
	forget_left(call, now_us);
	call->active = place;
	if (old->reg.ever) {
		call->left = old;
		begin_switch(call, old->k, now_us);
	} else {
		release(call, old);
	}
	call->asked = NULL;
	call->asked_all = call->hopeless = call->redirected = false;
	call->behind = call->pausing = false;
	call->refusals = 0;
	call->heard_us = now_us;
	call->alarm_us = 0;
}

void call_places_switched(struct call *call, uint64_t tick_us)
{
	bool sounds = call->heard[call->ear].played > 0;
	uint64_t from = call->sound_end_us > call->old_heard_us
				? call->sound_end_us
				: call->old_heard_us;
	uint64_t until = sounds ? tick_us : call->switched_us;

	if (!sounds && call->now_us - call->switched_us < HEAR_BOTH_US)
		return;
	call->change.lost_us = until > from ? until - from : 0;
	if (!sounds && call->change.why == CALL_REDIRECTED)
		call->change.lost_us = 0; /* it was there, and had nothing */
	call->switching = false;
	call->byes = BYES;
	call_tell(call, CALL_SWITCHED, call->now_us);
}

static void leave_old(struct call *call, uint64_t now_us)
{
	if (!call->byes)
		return;
	say_bye(call, now_us);
	if (!--call->byes)
		call_tell(call, CALL_LEFT, now_us);
}

/* --- whether the gate lives --- */

void call_places_heard(struct call *call, const struct call_place *place,
		       uint64_t now_us)
{
	if (place == call->active) {
		call->heard_us = now_us;
		call->alarm_us = 0;
		call->refusals = 0;
		if (!call->redirected)
			call->asked = NULL;
	} else if (!call->switching && !call->byes &&
		   now_us - call->byes_us > BYE_AGAIN_US) {
		call->byes = 1;
	}
}

static void watch(struct call *call, uint64_t now_us)
{
	/* Nobody was silent while we were away. */
	if (now_us - call->now_us > STALL_US) {
		call->heard_us = now_us;
		call->alarm_us = 0;
	}
	if (!call->alarm_us &&
	    now_us - call->heard_us >= (call->pausing ? PAUSE_US : WATCH_US)) {
		call->alarm_us = now_us;
		registration_check(&call->active->reg, now_us);
	}
	if (call->alarm_us && now_us - call->alarm_us >= GIVE_UP_US)
		ask(call, CALL_SILENT, NULL, now_us);
}

void call_check(struct call *call, uint64_t now_us)
{
	if (!call->started || call->over)
		return;
	registration_check(&call->active->reg, now_us);
	call_places_poll(call, now_us);
}

void call_refused(struct call *call, const struct sockaddr_storage *address,
		  uint64_t now_us)
{
	struct registration *active = &call->active->reg;
	struct registration *asked = call->asked ? &call->asked->reg : NULL;

	if (!call->started || call->over)
		return;
	if (asked && registration_is_at(asked, asked->target, address)) {
		registration_unreachable(asked, now_us);
	} else if (registration_is_at(active, active->target, address) &&
		   ++call->refusals >= REFUSALS) {
		call->refusals = 0;
		if (active->ever)
			ask(call, CALL_REFUSED, NULL, now_us);
		else
			registration_unreachable(active, now_us);
	}
	call_places_poll(call, now_us);
}

/* --- requests and answers --- */

static void give_up(struct call *call, struct call_place *place,
		    uint64_t now_us)
{
	if (place != call->active)
		ask_next(call, now_us);
	else if (place->reg.ever)
		call_finish(call, CALL_LOST, now_us);
	else
		call->hopeless = true;
}

static void tell_connect(struct call *call, const struct call_place *place,
			 uint64_t now_us)
{
	struct call_event event = { .type = CALL_CONNECT,
				    .time_us = now_us,
				    .target = call_target(place->k,
							  place->reg.target),
				    .counts = call->counts };

	event.where.target = place->reg.cfg.targets[place->reg.target];
	call->io->event(&event, call->arg);
}

static void poll_place(struct call *call, struct call_place *place,
		       uint64_t now_us)
{
	uint8_t buf[STUN_MAX_MESSAGE];
	int n = registration_poll(&place->reg, now_us, buf, sizeof(buf));

	if (n == -ENOTCONN) {
		tell_connect(call, place, now_us);
	} else if (n == -EHOSTUNREACH) {
		give_up(call, place, now_us);
	} else if (call_send(call, place, buf, n, now_us)) {
		call->counts.requests++;
		call->behind |= place == call->active;
	}
}

void call_places_poll(struct call *call, uint64_t now_us)
{
	if (!call->hopeless)
		poll_place(call, call->active, now_us);
	if (call->asked && !call->over)
		poll_place(call, call->asked, now_us);
	if (call->hopeless && (!call->standbys || call->asked_all))
		call_finish(call, CALL_NO_GATE, now_us);
}

void call_places_tick(struct call *call, uint64_t now_us)
{
	offer_released(call);
	watch(call, now_us);
	leave_old(call, now_us);
	call_places_poll(call, now_us);
}

static void redirected(struct call *call, uint64_t now_us)
{
	struct registration *reg = &call->active->reg;

	call->redirected = true;
	ask(call, CALL_REDIRECTED, &reg->alternate, now_us);
	if (!call->asked && !reg->ever)
		registration_unreachable(reg, now_us);
}

static void answered(struct call *call, enum registration_answer answer,
		     uint64_t now_us)
{
	switch (answer) {
	case REGISTRATION_RENEWED:
		/* It lives, and has nothing to say. */
		call->pausing |= call->alarm_us != 0;
		call->redirected = false;
		break;
	case REGISTRATION_NEW:
		call->redirected = false;
		call_introduce(call, now_us);
		break;
	case REGISTRATION_REDIRECT:
		call_places_heard(call, call->active, now_us);
		redirected(call, now_us);
		return;
	case REGISTRATION_REFUSED:
		return;
	}
	call_places_heard(call, call->active, now_us);
}

static void standby_answered(struct call *call, enum registration_answer answer,
			     uint64_t now_us)
{
	switch (answer) {
	case REGISTRATION_NEW:
		switch_to(call, call->asked, now_us);
		call_introduce(call, now_us);
		break;
	case REGISTRATION_REDIRECT:
		ask_next(call, now_us);
		break;
	case REGISTRATION_RENEWED:
	case REGISTRATION_REFUSED:
		break;
	}
}

void call_places_stun(struct call *call, const uint8_t *buf, size_t size,
		      uint64_t now_us)
{
	int answer =
		registration_receive(&call->active->reg, buf, size, now_us);

	if (answer >= 0)
		answered(call, answer, now_us);
	else if (call->asked &&
		 (answer = registration_receive(&call->asked->reg, buf, size,
						now_us)) >= 0)
		standby_answered(call, answer, now_us);
	else
		return;
	call->counts.answers++;
	call_places_poll(call, now_us); /* the cookie goes back at once */
}

void call_places_unreachable(struct call *call, struct call_place *place,
			     uint64_t now_us)
{
	if (place != call->left)
		registration_unreachable(&place->reg, now_us);
}

static void note_websocket(struct call_place *place, unsigned target, bool open,
			   uint64_t now_us)
{
	struct registration *reg = &place->reg;

	if (!reg->cfg.targets[reg->target].websocket ||
	    target != call_target(place->k, reg->target))
		return;
	if (open)
		registration_connected(reg, now_us);
	else
		registration_unreachable(reg, now_us);
}

void call_websocket(struct call *call, unsigned target, bool open,
		    uint64_t now_us)
{
	if (!call->started || call->over)
		return;
	note_websocket(call->active, target, open, now_us);
	if (call->asked)
		note_websocket(call->asked, target, open, now_us);
	call_places_poll(call, now_us);
}

static const struct registration_target *
target_of(const struct call_place *place, unsigned target)
{
	if (!place || place->k != target / REGISTRATION_MAX_TARGETS)
		return NULL;
	return &place->reg.cfg.targets[target % REGISTRATION_MAX_TARGETS];
}

const struct registration_target *call_find_target(const struct call *call,
						   unsigned target)
{
	const struct registration_target *at = target_of(call->active, target);

	if (!at)
		at = target_of(call->asked, target);
	return at ? at : target_of(call->left, target);
}
