#include "mixer/stun.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <openssl/crypto.h>

#include "mixer/hmac_sha1.h"
#include "mixer/wire.h"

#define HEADER_SIZE 20
#define MAGIC	    0x2112a442
#define FINGER_XOR  0x5354554e /* "STUN", RFC 8489 14.7 */
#define FAMILY_IPV4 1
#define FAMILY_IPV6 2

/* No answer of ours is larger: 300 with a cookie and an IPv6 alternate. */
#define LARGEST_ANSWER 104

enum attribute {
	MAPPED_ADDRESS = 0x0001,
	USERNAME = 0x0006,
	MESSAGE_INTEGRITY = 0x0008,
	ERROR_CODE = 0x0009,
	UNKNOWN_ATTRIBUTES = 0x000a,
	XOR_MAPPED_ADDRESS = 0x0020,
	PRIORITY = 0x0024,
	USE_CANDIDATE = 0x0025,
	/* From here on a stranger may be passed over. */
	OPTIONAL = 0x8000,
	SOFTWARE = 0x8022,
	ALTERNATE_SERVER = 0x8023,
	FINGERPRINT = 0x8028,
	IPSP_COOKIE = 0xc951,
};

#define INTEGRITY_SIZE	 HMAC_SHA1_SIZE
#define FINGERPRINT_SIZE 4

void stun_key_init(struct stun_key *key_r, const char *password)
{
	hmac_sha1_init(&key_r->hmac, password, strlen(password));
}

/* MESSAGE-INTEGRITY of what comes before `offset`, with the header's length
 * set as if it ended the message (RFC 8489 14.5). */
static void integrity(const struct stun_key *key, const uint8_t *buf,
		      size_t offset, uint8_t mac_r[INTEGRITY_SIZE])
{
	uint8_t head[HEADER_SIZE];

	memcpy(head, buf, HEADER_SIZE);
	wire_put16(head + 2,
		   (uint16_t)(offset + 4 + INTEGRITY_SIZE - HEADER_SIZE));
	hmac_sha1(&key->hmac, head, HEADER_SIZE, buf + HEADER_SIZE,
		  offset - HEADER_SIZE, mac_r);
}

void stun_cookie(const struct stun_key *secret, const void *what, size_t size,
		 uint8_t cookie_r[STUN_COOKIE_SIZE])
{
	uint8_t mac[INTEGRITY_SIZE];

	hmac_sha1(&secret->hmac, what, size, "", 0, mac);
	memcpy(cookie_r, mac, STUN_COOKIE_SIZE);
}

/* CRC-32 of ITU V.42 (RFC 8489 14.7), four bits at a time. */
static uint32_t crc32(const uint8_t *buf, size_t size)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t crc = 0xffffffff;

	while (size--) {
		crc ^= *buf++;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

/* XORs an address with the magic cookie and, for IPv6, the transaction id
 * that follows it in the header (RFC 8489 14.2). Its own inverse. */
static void mask_address(uint8_t *value, const uint8_t *header, size_t size)
{
	value[0] ^= header[4];
	value[1] ^= header[5];
	for (size_t i = 0; i < size; i++)
		value[2 + i] ^= header[4 + i];
}

static bool decode_address(struct sockaddr_storage *addr_r,
			   const uint8_t *value, size_t size,
			   const uint8_t *xor_header)
{
	uint8_t plain[18];
	size_t length;

	if (size != 8 && size != 20)
		return false;
	length = size - 4;
	if (value[1] != (length == 4 ? FAMILY_IPV4 : FAMILY_IPV6))
		return false;
	memcpy(plain, value + 2, 2 + length);
	if (xor_header)
		mask_address(plain, xor_header, length);
	memset(addr_r, 0, sizeof(*addr_r));
	if (length == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)addr_r;

		in->sin_family = AF_INET;
		in->sin_port = htons(wire_get16(plain));
		memcpy(&in->sin_addr, plain + 2, 4);
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr_r;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(wire_get16(plain));
		memcpy(&in6->sin6_addr, plain + 2, 16);
	}
	return true;
}

static bool decode_username(struct stun_message *msg, const uint8_t *value,
			    size_t size)
{
	if (size >= sizeof(msg->username) || memchr(value, 0, size))
		return false;
	/* Of doubles the first counts (RFC 8489 14). */
	if (!msg->username[0])
		memcpy(msg->username, value, size);
	return true;
}

static bool decode_error(struct stun_message *msg, const uint8_t *value,
			 size_t size)
{
	if (size < 4 || (value[2] & 7) < 3 || (value[2] & 7) > 6 ||
	    value[3] > 99)
		return false;
	msg->error = (value[2] & 7) * 100 + value[3];
	return true;
}

static bool decode_attribute(struct stun_message *msg, const uint8_t *buf,
			     unsigned type, const uint8_t *value, size_t size)
{
	switch (type) {
	case USERNAME:
		return decode_username(msg, value, size);
	case ERROR_CODE:
		return decode_error(msg, value, size);
	case XOR_MAPPED_ADDRESS:
		return decode_address(&msg->address, value, size, buf);
	case ALTERNATE_SERVER:
		return decode_address(&msg->alternate, value, size, NULL);
	case USE_CANDIDATE:
		msg->use_candidate = true;
		return !size;
	case MESSAGE_INTEGRITY:
		msg->integrity = (size_t)(value - 4 - buf);
		return size == INTEGRITY_SIZE;
	case IPSP_COOKIE:
		if (size != STUN_COOKIE_SIZE)
			return false;
		msg->has_cookie = true;
		memcpy(msg->cookie, value, size);
		return true;
	case MAPPED_ADDRESS:
	case UNKNOWN_ATTRIBUTES:
	case PRIORITY:
		return true;
	default:
		msg->unknown_required |= type < OPTIONAL;
		return true;
	}
}

/* FINGERPRINT is the last attribute and covers all before it. */
static bool decode_fingerprint(struct stun_message *msg, const uint8_t *buf,
			       size_t offset, size_t size)
{
	msg->fingerprint = offset + 4 + FINGERPRINT_SIZE == size &&
			   wire_get16(buf + offset + 2) == FINGERPRINT_SIZE &&
			   wire_get32(buf + offset + 4) ==
				   (crc32(buf, offset) ^ FINGER_XOR);
	return msg->fingerprint;
}

int stun_decode(struct stun_message *msg_r, const uint8_t *buf, size_t size)
{
	size_t at = HEADER_SIZE;

	memset(msg_r, 0, sizeof(*msg_r));
	if (size < HEADER_SIZE || size % 4 || buf[0] > 3 ||
	    wire_get16(buf + 2) != size - HEADER_SIZE ||
	    wire_get32(buf + 4) != MAGIC)
		return -EBADMSG;
	msg_r->type = wire_get16(buf);
	memcpy(msg_r->transaction, buf + 8, STUN_TRANSACTION_SIZE);

	/* size and every padded length are multiples of 4: a header fits
	 * whenever anything is left. */
	while (at < size) {
		unsigned type = wire_get16(buf + at);
		size_t length = wire_get16(buf + at + 2);
		size_t padded = (length + 3) & ~(size_t)3;

		if (padded > size - at - 4)
			return -EBADMSG;
		if (type == FINGERPRINT) {
			if (!decode_fingerprint(msg_r, buf, at, size))
				return -EBADMSG;
		} else if (!msg_r->integrity &&
			   !decode_attribute(msg_r, buf, type, buf + at + 4,
					     length)) {
			/* What follows MESSAGE-INTEGRITY is not covered by
			 * it, and passed over (RFC 8489 14.5). */
			return -EBADMSG;
		}
		at += 4 + padded;
	}
	return 0;
}

bool stun_authentic(const struct stun_message *msg, const uint8_t *buf,
		    const struct stun_key *key)
{
	uint8_t mac[INTEGRITY_SIZE];

	if (!msg->integrity)
		return false;
	integrity(key, buf, msg->integrity, mac);
	return !CRYPTO_memcmp(mac, buf + msg->integrity + 4, INTEGRITY_SIZE);
}

/* Where the message grows; full once anything did not fit. */
struct writer {
	uint8_t *buf;
	size_t size, cap;
	bool full;
};

/* Appends an attribute and returns its zeroed value, or NULL. */
static uint8_t *append(struct writer *out, enum attribute type, size_t size)
{
	size_t padded = (size + 3) & ~(size_t)3;
	uint8_t *at = out->buf + out->size;

	if (out->full || out->cap - out->size < 4 + padded) {
		out->full = true;
		return NULL;
	}
	wire_put16(at, (uint16_t)type);
	wire_put16(at + 2, (uint16_t)size);
	memset(at + 4, 0, padded);
	out->size += 4 + padded;
	return at + 4;
}

static void append_bytes(struct writer *out, enum attribute type,
			 const void *bytes, size_t size)
{
	uint8_t *value = append(out, type, size);

	if (value)
		memcpy(value, bytes, size);
}

static void append_address(struct writer *out, enum attribute type,
			   const struct sockaddr_storage *addr)
{
	bool v6 = addr->ss_family == AF_INET6;
	size_t length = v6 ? 16 : 4;
	uint8_t *value = append(out, type, 4 + length);

	if (!value)
		return;
	value[1] = v6 ? FAMILY_IPV6 : FAMILY_IPV4;
	if (v6) {
		const struct sockaddr_in6 *in6 =
			(const struct sockaddr_in6 *)addr;

		wire_put16(value + 2, ntohs(in6->sin6_port));
		memcpy(value + 4, &in6->sin6_addr, length);
	} else {
		const struct sockaddr_in *in = (const struct sockaddr_in *)addr;

		wire_put16(value + 2, ntohs(in->sin_port));
		memcpy(value + 4, &in->sin_addr, length);
	}
	if (type == XOR_MAPPED_ADDRESS)
		mask_address(value + 2, out->buf, length);
}

static void append_error(struct writer *out, int error)
{
	uint8_t *value = append(out, ERROR_CODE, 4);

	if (!value)
		return;
	value[2] = (uint8_t)(error / 100);
	value[3] = (uint8_t)(error % 100);
}

/* A request with a short user name is filled up with SOFTWARE, which says
 * nothing, to the size of the largest answer. */
static void append_filler(struct writer *out, bool with_integrity)
{
	size_t rest = (with_integrity ? 4 + INTEGRITY_SIZE : 0) + 4 +
		      FINGERPRINT_SIZE;
	uint8_t *value;
	size_t size;

	if (out->full || out->size + rest + 4 >= LARGEST_ANSWER)
		return;
	size = LARGEST_ANSWER - out->size - rest - 4;
	value = append(out, SOFTWARE, size);
	if (value)
		memset(value, '-', size);
}

static void set_length(struct writer *out, size_t size)
{
	wire_put16(out->buf + 2, (uint16_t)(size - HEADER_SIZE));
}

int stun_encode(const struct stun_message *msg, const struct stun_key *key,
		uint8_t *buf, size_t cap)
{
	struct writer out = { .buf = buf, .size = HEADER_SIZE, .cap = cap };
	uint8_t *value;

	if (cap < HEADER_SIZE)
		return -ENOBUFS;
	wire_put16(buf, (uint16_t)msg->type);
	wire_put32(buf + 4, MAGIC);
	memcpy(buf + 8, msg->transaction, STUN_TRANSACTION_SIZE);

	if (msg->username[0])
		append_bytes(&out, USERNAME, msg->username,
			     strnlen(msg->username, STUN_MAX_USERNAME));
	if (msg->use_candidate)
		append(&out, USE_CANDIDATE, 0);
	/* A request always has room for the cookie it does not know yet. */
	if (msg->has_cookie || msg->type == STUN_BINDING_REQUEST)
		append_bytes(&out, IPSP_COOKIE, msg->cookie, STUN_COOKIE_SIZE);
	if (msg->address.ss_family)
		append_address(&out, XOR_MAPPED_ADDRESS, &msg->address);
	if (msg->error)
		append_error(&out, msg->error);
	if (msg->alternate.ss_family)
		append_address(&out, ALTERNATE_SERVER, &msg->alternate);
	if (msg->type == STUN_BINDING_REQUEST)
		append_filler(&out, key != NULL);
	if (key) {
		size_t offset = out.size;

		value = append(&out, MESSAGE_INTEGRITY, INTEGRITY_SIZE);
		if (value)
			integrity(key, buf, offset, value);
	}
	value = append(&out, FINGERPRINT, FINGERPRINT_SIZE);
	if (!value)
		return -ENOBUFS;
	set_length(&out, out.size);
	wire_put32(value,
		   crc32(buf, out.size - 4 - FINGERPRINT_SIZE) ^ FINGER_XOR);
	return (int)out.size;
}
