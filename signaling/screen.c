#include "signaling/screen.h"

#include <string.h>

#define BOUNCE "bounce+"

static const char *domain_of(const char *address)
{
	return strrchr(address, '@') + 1;
}

/* Local parts are compared without case: no server tells them apart, and a
 * loop must not pass by spelling. */
static gboolean same_address(const char *normalised, const char *text)
{
	g_autofree char *address = message_address(text);

	return address && !g_ascii_strcasecmp(address, normalised);
}

static gboolean same_domain(const char *normalised, const char *text)
{
	/* message_address() knows how a domain is spelled. */
	g_autofree char *address = g_strconcat("x@", text, NULL);
	g_autofree char *spelled = message_address(address);

	return spelled && !strcmp(domain_of(spelled), domain_of(normalised));
}

static gboolean is_own(const char *address, const char *const *own)
{
	for (; own && *own; own++)
		if (same_address(address, *own))
			return TRUE;
	return FALSE;
}

gboolean screen_is_listed(const char *address, const char *const *list)
{
	for (; list && *list; list++)
		if (strchr(*list, '@') ? same_address(address, *list)
				       : same_domain(address, *list))
			return TRUE;
	return FALSE;
}

/* What screen_mail() looks at. */
struct look {
	const struct message *msg;
	const struct ipsp_message *ipsp;
	const struct screen_policy *policy;
};

static gboolean from_ourselves(const struct look *look)
{
	return is_own(look->msg->from_address, look->policy->own);
}

static gboolean from_list(const struct look *look)
{
	return look->msg->list;
}

static gboolean from_nobody(const struct look *look)
{
	return look->msg->null_sender;
}

static gboolean from_machine(const struct look *look)
{
	return look->msg->auto_submitted && !look->ipsp;
}

static gboolean is_answer(const struct look *look)
{
	return look->ipsp && (look->ipsp->method == IPSP_OK ||
			      look->ipsp->method == IPSP_BUSY ||
			      look->ipsp->method == IPSP_REJECT);
}

static gboolean speaks_for_another(const struct look *look)
{
	return look->ipsp &&
	       !same_address(look->msg->from_address, look->ipsp->address);
}

/* CANCEL and BYE prove themselves, and nobody is mailed for them. */
static gboolean not_welcome(const struct look *look)
{
	if (look->ipsp && (look->ipsp->method == IPSP_CANCEL ||
			   look->ipsp->method == IPSP_BYE))
		return FALSE;
	switch (look->policy->who) {
	case SCREEN_OPEN:
		return FALSE;
	case SCREEN_ALIGNED:
		return !look->msg->aligned;
	case SCREEN_LIST:
		return !screen_is_listed(look->msg->from_address,
					 look->policy->allowed);
	}
	return TRUE;
}

/* In this order; the first that holds decides. */
static const struct {
	gboolean (*holds)(const struct look *look);
	enum screen_verdict verdict;
	const char *reason;
} rules[] = {
	{ from_ourselves, SCREEN_IGNORE,
	  "it comes from one of our own addresses" },
	{ from_nobody, SCREEN_IGNORE,
	  "it has the null sender, as bounces have" },
	{ from_list, SCREEN_IGNORE, "it comes from a list or in bulk" },
	{ from_machine, SCREEN_IGNORE,
	  "a machine sent it, and it has no IPSP part" },
	{ is_answer, SCREEN_IGNORE,
	  "it is an OK, BUSY or REJECT, which a room does not wait for" },
	{ speaks_for_another, SCREEN_SET_ASIDE,
	  "its IPSP part names another sender than the mail's From" },
	{ not_welcome, SCREEN_SET_ASIDE,
	  "the room does not answer this sender" },
};

enum screen_verdict screen_mail(const struct message *msg,
				const struct ipsp_message *ipsp,
				const struct screen_policy *policy,
				const char **reason_r)
{
	const struct look look = { msg, ipsp, policy };

	for (guint i = 0; i < G_N_ELEMENTS(rules); i++)
		if (rules[i].holds(&look)) {
			*reason_r = rules[i].reason;
			return rules[i].verdict;
		}
	*reason_r = "it breaks no rule";
	return SCREEN_ANSWER;
}

gboolean screen_bounce(const struct message *msg,
		       char did_r[IPSP_DID_LENGTH + 1])
{
	guint8 bytes[IPSP_DID_BYTES];

	if (!msg->null_sender && !msg->auto_submitted)
		return FALSE;
	for (guint i = 0; i < msg->recipients->len; i++) {
		const char *to = g_ptr_array_index(msg->recipients, i);
		const char *did = to + strlen(BOUNCE);

		if (g_ascii_strncasecmp(to, BOUNCE, strlen(BOUNCE)) != 0 ||
		    strcspn(did, "@") != IPSP_DID_LENGTH)
			continue;
		g_strlcpy(did_r, did, IPSP_DID_LENGTH + 1);
		if (keys_base64url_decode(did_r, bytes, sizeof(bytes)))
			return TRUE;
	}
	return FALSE;
}
