/* ice - a browser's session: we are the lite end of ICE (RFC 8445), and DTLS
 * tells the keys.
 *
 * The browser finds out how it reaches us and we answer. An authentic check
 * makes its address the session's candidate, and one with USE-CANDIDATE holds
 * that place against later ones without. DTLS is taken from candidate and path
 * only; it goes to the control thread, which has time and memory for it
 * (dtls.h), and its answers come back as commands. So a ClientHello of a
 * stranger is one lookup:
 *
 *   browser ─ check ─► ice_check(): candidate
 *   browser ─ DTLS ──► ice_dtls_packet() ─ring─► control: dtls_take()
 *   browser ◄───────── ice_send_dtls() ◄─command─┤
 *                      ice_set_keys()  ◄─command─┘ handshake done
 *
 * What is sent to a candidate stays within three times what came from it: a
 * check's address may be forged by who knows the password. The end of a
 * handshake proves that whoever asked also hears, if all of it came from one
 * address; else, and later, the path moves as a phone's does, by fresh
 * authentic SRTP from the candidate. Consent (RFC 7675)
 * is the browser's own checks, as long as something fresh comes between them:
 * a captured check renews nothing. */
#include "bridge/gate/private.h"

#include <string.h>

#define AMPLIFICATION 3 /* RFC 9000 8.1 has the same for the same reason */
#define DTLS_PER_BEAT 50

static void note_candidate(struct engine *eng, struct session *ses,
			   const struct path *from, bool nominates)
{
	if (!path_equal(&ses->candidate, from)) {
		if (ses->candidate.kind != PATH_NONE && ses->nominated &&
		    !nominates)
			return;
		ses->dtls_credit = 0;
		ses->nominated = false;
	}
	ses->nominated |= nominates;
	engine_set_candidate(eng, ses, from);
}

void ice_check(struct engine *eng, struct session *ses, const struct path *from,
	       const struct stun_message *check, size_t size, uint64_t now_us)
{
	if (!path_equal(&ses->path, from)) {
		note_candidate(eng, ses, from, check->use_candidate);
		/* One part of three is the answer's. */
		if (path_equal(&ses->candidate, from))
			ses->dtls_credit += (AMPLIFICATION - 1) * size;
		return;
	}
	if (check->use_candidate)
		engine_forget_candidate(eng, ses);
	if (ses->heard) {
		ses->consent_us = now_us;
		ses->heard = false;
	}
}

void ice_dtls_packet(struct engine *eng, const struct path *from,
		     const uint8_t *buf, size_t size)
{
	struct session *ses = engine_find(eng, from);

	if (!ses || !ses->ice) {
		count(&eng->counters.unproven, 1);
		return;
	}
	if (ses->dtls_datagrams >= DTLS_PER_BEAT) {
		count(&eng->counters.dropped, 1);
		return;
	}
	ses->dtls_datagrams++;
	if (!path_equal(&ses->path, from))
		ses->dtls_credit += AMPLIFICATION * size;
	ses->dtls_moved |=
		ses->dtls.kind != PATH_NONE && !path_equal(&ses->dtls, from);
	ses->dtls = *from;
	eng->dtls.member = ses->member;
	eng->dtls.size = size;
	memcpy(eng->dtls.buf, buf, size);
	if (ring_push(eng->dtls_up, &eng->dtls))
		eng->told = true;
	else
		count(&eng->counters.dropped, 1);
}

/* Whether so much may go where DTLS came from. */
static bool may_send(struct session *ses, size_t size)
{
	if (ses->gone || ses->dtls.kind == PATH_NONE)
		return false;
	if (path_equal(&ses->path, &ses->dtls))
		return true;
	if (!path_equal(&ses->candidate, &ses->dtls) || ses->dtls_credit < size)
		return false;
	ses->dtls_credit -= size;
	return true;
}

void ice_send_dtls(struct engine *eng, struct session *ses,
		   struct message *datagram)
{
	uint8_t *buf;

	if (may_send(ses, datagram->size)) {
		buf = outbox_buffer(&eng->outbox);
		memcpy(buf, datagram->text, datagram->size);
		outbox_commit(&eng->outbox, &ses->dtls, (int)datagram->size);
	} else {
		count(&eng->counters.dropped, 1);
	}
	engine_retire(eng, &datagram->retiree, OBJECT_MESSAGE, datagram);
}

void ice_set_keys(struct engine *eng, struct session *ses,
		  struct new_stream *stream)
{
	struct stream *old = ses->stream;

	ses->stream = stream->stream;
	stream->stream = old;
	engine_retire(eng, &stream->retiree, OBJECT_STREAM, stream);
	if (!ses->gone && ses->dtls.kind != PATH_NONE && !ses->dtls_moved)
		engine_adopt_path(eng, ses, &ses->dtls, eng->now_us);
}

void ice_restart(struct engine *eng, struct session *ses,
		 struct credentials *cred)
{
	if (!ses->gone) {
		memcpy(ses->username, cred->username, sizeof(ses->username));
		ses->key = cred->key;
		lookup_insert(&eng->by_name, &ses->by_name,
			      lookup_hash(&eng->by_name, ses->username,
					  strlen(ses->username)),
			      ses);
		engine_forget_candidate(eng, ses);
		engine_note_path(eng, ses);
	}
	engine_retire(eng, &cred->retiree, OBJECT_CREDENTIALS, cred);
}
