#include "bridge/directory/seal.h"

#include <gio/gio.h>
#include <string.h>

#define SECRET "0123456789abcdef0123456789abcdef"
#define NAME   "members/standup@example.org/abc"

static GBytes *bytes(const char *text)
{
	return g_bytes_new(text, strlen(text));
}

static void refuses(const struct seal *seal, const char *name, const char *text)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(seal_open(seal, name, text, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
	g_assert_nonnull(strstr(error->message, name));
}

static void what_is_sealed_opens_again(void)
{
	SCOPED(seal) here = seal_create(SECRET);
	SCOPED(seal) there = seal_create(SECRET);
	g_autoptr(GBytes) secret = bytes("the keys of a call");
	g_autoptr(GBytes) empty = bytes("");
	g_autofree char *text = seal_close(here, NAME, secret);
	g_autofree char *again = seal_close(here, NAME, secret);
	g_autofree char *nothing = seal_close(here, NAME, empty);
	g_autoptr(GBytes) opened = seal_open(there, NAME, text, NULL);
	g_autoptr(GBytes) none = seal_open(there, NAME, nothing, NULL);

	g_assert_true(g_bytes_equal(opened, secret));
	g_assert_cmpuint(g_bytes_get_size(none), ==, 0);
	g_assert_null(strstr(text, "keys"));
	/* Another nonce, another text. */
	g_assert_cmpstr(text, !=, again);
}

static void under_another_name_or_secret_it_does_not(void)
{
	SCOPED(seal) seal = seal_create(SECRET);
	SCOPED(seal) other = seal_create(SECRET "x");
	g_autoptr(GBytes) secret = bytes("the keys of a call");
	g_autofree char *text = seal_close(seal, NAME, secret);

	refuses(seal, NAME "d", text);
	refuses(other, NAME, text);
}

static void each_changed_character_is_noticed(void)
{
	SCOPED(seal) seal = seal_create(SECRET);
	g_autoptr(GBytes) secret = bytes("the keys of a call");
	g_autofree char *text = seal_close(seal, NAME, secret);

	for (gsize i = 0; text[i]; i++) {
		char was = text[i];

		text[i] = was == 'A' ? 'B' : 'A';
		refuses(seal, NAME, text);
		text[i] = was;
	}
	for (gsize length = strlen(text); length; length--) {
		text[length - 1] = '\0';
		refuses(seal, NAME, text);
	}
	refuses(seal, NAME,
		"what is this, no base64url at all? of 40 and more");
}

/* HKDF with no salt and the info "IPSP seal", nonce, AES-256-GCM with the
 * name as additional data: made by an implementation that is not ours
 * (Python's cryptography 48.0.0). */
static void others_make_the_same_seals(void)
{
	static const char foreign[] = "AAECAwQFBgcICQoLvN1Nw9_dIV5vhWv-FmbUB7"
				      "hhae_iZpnbRGLZsJu_";
	SCOPED(seal) seal = seal_create(SECRET);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) opened = seal_open(seal, NAME, foreign, &error);
	g_autoptr(GBytes) right = bytes("made elsewhere");

	g_assert_no_error(error);
	g_assert_true(g_bytes_equal(opened, right));
}

/* Nobody learns another's, or the cluster's, from his. */
static void what_is_lent_is_of_one_site(void)
{
	SCOPED(seal) cluster = seal_create(SECRET);
	SCOPED(seal) again = seal_create(SECRET);
	g_autofree char *one = seal_lend(cluster, "lent-a.0");
	g_autofree char *same = seal_lend(again, "lent-a.0");
	g_autofree char *other = seal_lend(cluster, "lent-a.1");
	SCOPED(seal) theirs = seal_create(one);
	SCOPED(seal) others = seal_create(other);
	g_autoptr(GBytes) secret = bytes("the keys of a call");
	g_autofree char *of_cluster = seal_close(cluster, NAME, secret);
	g_autofree char *of_one = seal_close(theirs, NAME, secret);

	g_assert_cmpstr(one, ==, same);
	g_assert_cmpuint(strlen(one), ==, 43);
	refuses(theirs, NAME, of_cluster);
	refuses(others, NAME, of_one);
	refuses(cluster, NAME, of_one);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/seal/what is sealed opens again",
			what_is_sealed_opens_again);
	g_test_add_func("/seal/under another name or secret it does not",
			under_another_name_or_secret_it_does_not);
	g_test_add_func("/seal/each changed character is noticed",
			each_changed_character_is_noticed);
	g_test_add_func("/seal/what is lent is of one site",
			what_is_lent_is_of_one_site);
	g_test_add_func("/seal/others make the same seals",
			others_make_the_same_seals);
	return g_test_run();
}
