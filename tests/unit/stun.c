#include "mixer/stun.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

#include "tests/trap.h"

/* RFC 5769 2.1 and 2.2. */
static const char password[] = "VOkJxbRl1RmTxUk/WvJxBt";
static const uint8_t sample_request[] = {
	0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01,
	0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10,
	0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73, 0x74, 0x20, 0x63, 0x6c,
	0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff,
	0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36,
	0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76,
	0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c,
	0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49,
	0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf,
};
static const uint8_t sample_response[] = {
	0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01,
	0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b,
	0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20,
	0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
	0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3,
	0x8c, 0x74, 0x89, 0xf9, 0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7,
	0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96,
};

static struct sockaddr_storage address(const char *literal, uint16_t port)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;

	if (inet_pton(AF_INET, literal, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
	} else {
		g_assert_cmpint(inet_pton(AF_INET6, literal, &in6->sin6_addr),
				==, 1);
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
	}
	return ss;
}

static void reads_the_samples_of_rfc_5769(void)
{
	struct sockaddr_storage want = address("192.0.2.1", 32853);
	struct stun_message msg;
	struct stun_key key;

	stun_key_init(&key, password);
	g_assert_cmpint(
		stun_decode(&msg, sample_request, sizeof(sample_request)), ==,
		0);
	g_assert_cmpint(msg.type, ==, STUN_BINDING_REQUEST);
	g_assert_cmpstr(msg.username, ==, "evtj:h6vY");
	g_assert_true(msg.fingerprint);
	g_assert_false(msg.unknown_required);
	g_assert_true(stun_authentic(&msg, sample_request, &key));

	g_assert_cmpint(
		stun_decode(&msg, sample_response, sizeof(sample_response)), ==,
		0);
	g_assert_true(stun_authentic(&msg, sample_response, &key));
	g_assert_cmpmem(&msg.address, sizeof(struct sockaddr_in), &want,
			sizeof(struct sockaddr_in));
}

static void refuses_another_key_and_every_flipped_bit(void)
{
	struct stun_message msg;
	struct stun_key key;
	uint8_t buf[sizeof(sample_request)];

	stun_key_init(&key, "VOkJxbRl1RmTxUk/WvJxBT");
	g_assert_cmpint(stun_decode(&msg, sample_request, sizeof(buf)), ==, 0);
	g_assert_false(stun_authentic(&msg, sample_request, &key));

	stun_key_init(&key, password);
	for (size_t bit = 0; bit < sizeof(buf) * 8; bit++) {
		memcpy(buf, sample_request, sizeof(buf));
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		g_assert_true(stun_decode(&msg, buf, sizeof(buf)) ||
			      !msg.fingerprint ||
			      !stun_authentic(&msg, buf, &key));
	}
}

static void refuses_every_truncation(void)
{
	struct stun_message msg;

	for (size_t n = 0; n < sizeof(sample_request); n++) {
		g_autofree uint8_t *buf = g_memdup2(sample_request, n ? n : 1);

		g_assert_cmpint(stun_decode(&msg, buf, n), ==, -EBADMSG);
	}
}

static int answer_to(const struct stun_message *request, const char *literal,
		     const struct stun_key *key, uint8_t *buf, size_t cap)
{
	struct stun_message msg = { .type = STUN_BINDING_SUCCESS,
				    .has_cookie = true,
				    .address = address(literal, 5004) };

	memcpy(msg.transaction, request->transaction, sizeof(msg.transaction));
	return stun_encode(&msg, key, buf, cap);
}

static void no_answer_is_larger_than_its_request(void)
{
	static const char *const users[] = { "a", "evtj:h6vY",
					     "AAAAAAAAAAAAAAAAAAAAAA" };
	struct stun_message moved = { .type = STUN_BINDING_ERROR,
				      .has_cookie = true,
				      .error = 300,
				      .alternate = address("2001:db8::1", 1) };
	struct stun_key key;
	uint8_t buf[STUN_MAX_MESSAGE];

	stun_key_init(&key, password);
	for (size_t i = 0; i < G_N_ELEMENTS(users); i++) {
		struct stun_message msg = { .type = STUN_BINDING_REQUEST };
		int size;

		g_strlcpy(msg.username, users[i], sizeof(msg.username));
		size = stun_encode(&msg, &key, buf, sizeof(buf));
		g_assert_cmpint(size, >, 0);
		g_assert_cmpint(
			answer_to(&msg, "192.0.2.1", &key, buf, sizeof(buf)),
			<=, size);
		g_assert_cmpint(
			answer_to(&msg, "2001:db8::1", &key, buf, sizeof(buf)),
			<=, size);
		g_assert_cmpint(stun_encode(&moved, &key, buf, sizeof(buf)), <=,
				size);
	}
}

static void what_is_written_is_read_back(void)
{
	struct sockaddr_storage mapped = address("2001:db8::1", 40000);
	struct sockaddr_storage other = address("198.51.100.7", 5006);
	struct stun_message msg = { .type = STUN_BINDING_ERROR,
				    .username = "someone",
				    .has_cookie = true,
				    .cookie = { 1, 2, 3, 4, 5, 6, 7, 8 },
				    .error = 300,
				    .use_candidate = true,
				    .address = mapped,
				    .alternate = other };
	struct stun_message back;
	struct stun_key key;
	uint8_t buf[STUN_MAX_MESSAGE];
	int n;

	memset(msg.transaction, 0x5a, sizeof(msg.transaction));
	stun_key_init(&key, password);
	n = stun_encode(&msg, &key, buf, sizeof(buf));
	g_assert_cmpint(n, >, 0);
	g_assert_cmpint(stun_decode(&back, buf, (size_t)n), ==, 0);
	g_assert_true(stun_authentic(&back, buf, &key));
	g_assert_cmpint(back.type, ==, STUN_BINDING_ERROR);
	g_assert_cmpstr(back.username, ==, "someone");
	g_assert_true(back.has_cookie && back.use_candidate);
	g_assert_true(back.fingerprint);
	g_assert_cmpmem(back.cookie, 8, msg.cookie, 8);
	g_assert_cmpmem(back.transaction, 12, msg.transaction, 12);
	g_assert_cmpmem(&back.address, sizeof(mapped), &mapped, sizeof(mapped));
	g_assert_cmpmem(&back.alternate, sizeof(other), &other, sizeof(other));
	g_assert_cmpint(back.error, ==, 300);
	for (size_t cap = 0; cap < (size_t)n; cap++)
		g_assert_cmpint(stun_encode(&msg, &key, buf, cap), ==,
				-ENOBUFS);
}

static void attributes_behind_the_integrity_are_passed_over(void)
{
	/* A cookie spliced in between MESSAGE-INTEGRITY and the end. */
	uint8_t buf[sizeof(sample_request) - 8 + 12];
	struct stun_message msg;
	struct stun_key key;

	stun_key_init(&key, password);
	memcpy(buf, sample_request, sizeof(sample_request) - 8);
	memcpy(buf + sizeof(sample_request) - 8,
	       "\xc9\x51\x00\x08"
	       "forged!!",
	       12);
	buf[3] = (uint8_t)(sizeof(buf) - 20);
	g_assert_cmpint(stun_decode(&msg, buf, sizeof(buf)), ==, 0);
	g_assert_false(msg.has_cookie);
	g_assert_true(stun_authentic(&msg, buf, &key));
}

static void answering_never_touches_the_heap(void)
{
	struct stun_message msg;
	struct stun_key key;
	uint8_t buf[STUN_MAX_MESSAGE], cookie[STUN_COOKIE_SIZE];
	bool right = true;

	trap_begin();
	stun_key_init(&key, password);
	for (int i = 0; i < 100; i++) {
		right &= !stun_decode(&msg, sample_request,
				      sizeof(sample_request));
		right &= stun_authentic(&msg, sample_request, &key);
		stun_cookie(&key, "x", 1, cookie);
		msg.type = STUN_BINDING_SUCCESS;
		right &= stun_encode(&msg, &key, buf, sizeof(buf)) > 0;
	}
	g_assert_cmpuint(trap_end(), ==, 0);
	g_assert_true(right);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/stun/reads the samples of RFC 5769",
			reads_the_samples_of_rfc_5769);
	g_test_add_func("/stun/refuses another key and every flipped bit",
			refuses_another_key_and_every_flipped_bit);
	g_test_add_func("/stun/refuses every truncation",
			refuses_every_truncation);
	g_test_add_func("/stun/no answer is larger than its request",
			no_answer_is_larger_than_its_request);
	g_test_add_func("/stun/what is written is read back",
			what_is_written_is_read_back);
	g_test_add_func("/stun/attributes behind the integrity are passed over",
			attributes_behind_the_integrity_are_passed_over);
	g_test_add_func("/stun/answering never touches the heap",
			answering_never_touches_the_heap);
	return g_test_run();
}
