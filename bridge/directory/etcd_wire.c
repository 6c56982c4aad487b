#include "bridge/directory/etcd_wire.h"

#include <string.h>

#include "bridge/directory/directory.h"

G_DEFINE_QUARK(etcd - error, etcd_error)

/* gRPC status codes, as they stand in "code". */
enum {
	GRPC_DEADLINE_EXCEEDED = 4,
	GRPC_NOT_FOUND = 5,
	GRPC_RESOURCE_EXHAUSTED = 8,
	GRPC_ABORTED = 10,
	GRPC_INTERNAL = 13,
	GRPC_UNAVAILABLE = 14,
	GRPC_UNAUTHENTICATED = 16,
};

void etcd_kv_free(struct etcd_kv *kv)
{
	if (!kv)
		return;
	g_free(kv->key);
	g_free(kv->value);
	g_free(kv);
}

static void free_kv(void *kv)
{
	etcd_kv_free(kv);
}

/* ---- Requests ---- */

static json_t *base64(const char *text, gsize size)
{
	g_autofree char *encoded = g_base64_encode((const guchar *)text, size);

	return json_string(encoded);
}

static json_t *text64(const char *text)
{
	return base64(text, strlen(text));
}

static json_t *number(gint64 value)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, value);

	return json_string(text);
}

json_t *etcd_wire_authenticate(const char *user, const char *password)
{
	return json_pack("{s:s, s:s}", "name", user, "password", password);
}

json_t *etcd_wire_grant(guint seconds)
{
	return json_pack("{s:o}", "TTL", number(seconds));
}

json_t *etcd_wire_lease(gint64 lease)
{
	return json_pack("{s:o}", "ID", number(lease));
}

static json_t *range(const char *from, const char *to)
{
	json_t *obj = json_pack("{s:o}", "key", text64(from));

	/* A range_end of one zero byte means: all keys from here on. */
	if (to)
		json_object_set_new(obj, "range_end",
				    *to ? text64(to) : base64("", 1));
	return obj;
}

json_t *etcd_wire_range(const char *from, const char *to, guint limit,
			gint64 revision)
{
	json_t *obj = range(from, to);

	json_object_set_new(obj, "limit", number(limit));
	if (revision)
		json_object_set_new(obj, "revision", number(revision));
	return obj;
}

json_t *etcd_wire_watch(const char *from, const char *to, gint64 revision)
{
	json_t *obj = range(from, to);

	json_object_set_new(obj, "start_revision", number(revision));
	/* Now and then an empty message, so that the revision to resume from
	 * is not compacted while nothing happens; and no huge ones. */
	json_object_set_new(obj, "progress_notify", json_true());
	json_object_set_new(obj, "fragment", json_true());
	return json_pack("{s:o}", "create_request", obj);
}

char *etcd_wire_range_end(const char *keys)
{
	char *end = g_strdup(keys);
	gsize length = strlen(end);

	/* Keys are printable ASCII: the last character has a successor. */
	if (length)
		end[length - 1]++;
	return end;
}

json_t *etcd_wire_txn(void)
{
	return json_pack("{s:[], s:[], s:[]}", "compare", "success", "failure");
}

void etcd_wire_if_created(json_t *txn, const char *key, gint64 revision)
{
	json_array_append_new(json_object_get(txn, "compare"),
			      json_pack("{s:o, s:s, s:s, s:o}", "key",
					text64(key), "target", "CREATE",
					"result", "EQUAL", "create_revision",
					number(revision)));
}

void etcd_wire_then(json_t *txn, const char *key, const char *value,
		    gint64 lease)
{
	json_t *then = json_object_get(txn, "success");
	json_t *put;

	if (!value) {
		json_array_append_new(then, json_pack("{s:{s:o}}",
						      "request_delete_range",
						      "key", text64(key)));
		return;
	}
	put = json_pack("{s:o, s:o}", "key", text64(key), "value",
			text64(value));
	if (lease)
		json_object_set_new(put, "lease", number(lease));
	json_array_append_new(then, json_pack("{s:o}", "request_put", put));
}

void etcd_wire_else_read(json_t *txn, const char *key)
{
	json_array_append_new(
		json_object_get(txn, "failure"),
		json_pack("{s:{s:o}}", "request_range", "key", text64(key)));
}

/* ---- Reading: a sticky flag, checked once at the end ---- */

struct reader {
	gboolean wrong;
};

static const json_t *member(struct reader *rdr, const json_t *obj,
			    const char *name, json_type type)
{
	const json_t *value = json_object_get(obj, name);

	if (value && json_typeof(value) != type) {
		rdr->wrong = TRUE;
		return NULL;
	}
	return value;
}

static gint64 read_number(struct reader *rdr, const json_t *obj,
			  const char *name)
{
	const json_t *value = json_object_get(obj, name);
	gint64 result = 0;

	if (!value)
		return 0;
	if (json_is_integer(value))
		result = json_integer_value(value);
	else if (!json_is_string(value) ||
		 !g_ascii_string_to_signed(json_string_value(value), 10, 0,
					   G_MAXINT64, &result, NULL))
		rdr->wrong = TRUE;
	if (result < 0)
		rdr->wrong = TRUE;
	return result;
}

static gboolean read_flag(struct reader *rdr, const json_t *obj,
			  const char *name)
{
	const json_t *value = json_object_get(obj, name);

	if (value && !json_is_boolean(value))
		rdr->wrong = TRUE;
	return json_is_true(value);
}

static const char *read_text(struct reader *rdr, const json_t *obj,
			     const char *name)
{
	return json_string_value(member(rdr, obj, name, JSON_STRING));
}

static gint64 read_revision(struct reader *rdr, const json_t *obj)
{
	return read_number(rdr, member(rdr, obj, "header", JSON_OBJECT),
			   "revision");
}

/* NULL: absent, wrong, or longer than max. Ends with a zero byte that does
 * not count. Caller frees. */
static char *read_bytes(struct reader *rdr, const json_t *obj, const char *name,
			gsize max, gsize *size_r)
{
	const char *text = read_text(rdr, obj, name);
	guchar *bytes;

	if (!text || strlen(text) > max / 3 * 4 + 8)
		return NULL;
	bytes = g_base64_decode(text, size_r);
	bytes = g_realloc(bytes, *size_r + 1);
	bytes[*size_r] = '\0';
	return (char *)bytes;
}

static gboolean is_key(const char *key, gsize size)
{
	if (!size || size > DIRECTORY_MAX_KEY)
		return FALSE;
	for (gsize i = 0; i < size; i++)
		if (!g_ascii_isgraph(key[i]))
			return FALSE;
	return TRUE;
}

/* NULL: no key of ours. An absent value is an empty one. */
static struct etcd_kv *read_kv(struct reader *rdr, const json_t *obj,
			       const char *prefix, gboolean gone)
{
	gsize size = 0, skip = strlen(prefix);
	g_autofree char *key =
		read_bytes(rdr, obj, "key", DIRECTORY_MAX_KEY + 256, &size);
	struct etcd_kv *kv;

	if (!key || size < skip || memcmp(key, prefix, skip) != 0 ||
	    !is_key(key + skip, size - skip))
		return NULL;
	kv = g_new0(struct etcd_kv, 1);
	kv->key = g_strdup(key + skip);
	kv->created = read_number(rdr, obj, "create_revision");
	kv->modified = read_number(rdr, obj, "mod_revision");
	kv->lease = read_number(rdr, obj, "lease");
	if (gone)
		return kv;
	if (!json_object_get(obj, "value")) {
		kv->value = g_strdup("");
		return kv;
	}
	kv->value = read_bytes(rdr, obj, "value", DIRECTORY_MAX_VALUE, &size);
	if (kv->value && (size > DIRECTORY_MAX_VALUE ||
			  !g_utf8_validate(kv->value, (gssize)size, NULL) ||
			  strlen(kv->value) != size))
		g_clear_pointer(&kv->value, g_free);
	if (!kv->value)
		g_warning("directory: what stands under %s%s is no text of at "
			  "most %d bytes; it counts as absent",
			  prefix, kv->key, DIRECTORY_MAX_VALUE);
	return kv;
}

static gboolean finish(const struct reader *rdr, const char *what,
		       GError **error)
{
	if (rdr->wrong)
		g_set_error(error, ETCD_ERROR, ETCD_AWAY,
			    "sends %s that has not the form it should", what);
	return !rdr->wrong;
}

/* ---- Answers ---- */

/* What the message says where the code does not tell enough. */
static const struct {
	const char *text;
	enum etcd_error error;
} told[] = {
	{ "invalid auth token", ETCD_STRANGER },
	{ "revision in header is old", ETCD_STRANGER },
	{ "auth store is old", ETCD_STRANGER },
	{ "has been compacted", ETCD_COMPACTED },
	{ "future revision", ETCD_COMPACTED },
	{ "lease not found", ETCD_NO_LEASE },
	{ "space exceeded", ETCD_REFUSED },
};

static enum etcd_error kind_of(gint64 code, const char *message)
{
	for (guint i = 0; i < G_N_ELEMENTS(told); i++)
		if (strstr(message, told[i].text))
			return told[i].error;
	switch (code) {
	case GRPC_UNAUTHENTICATED:
		return ETCD_STRANGER;
	case 1: /* canceled */
	case 2: /* unknown */
	case GRPC_DEADLINE_EXCEEDED:
	case GRPC_RESOURCE_EXHAUSTED: /* too many requests */
	case GRPC_ABORTED:
	case GRPC_INTERNAL:
	case GRPC_UNAVAILABLE:
		return ETCD_AWAY;
	default:
		return ETCD_REFUSED;
	}
}

/* What an operator can do about it. */
static const struct {
	const char *text, *advice;
} advices[] = {
	{ "invalid user ID or password",
	  "refuses our user: see etcd_user and etcd_password" },
	{ "user name is empty", "wants a user: set etcd_user" },
	{ "authentication is not enabled",
	  "has no users: enable authentication there, or leave out "
	  "etcd_user" },
	{ "permission denied",
	  "does not let our user read and write all under etcd_prefix" },
	{ "space exceeded",
	  "is full: compact and defragment it, then disarm its alarm" },
};

static GError *make_error(gint64 code, const char *message)
{
	g_autofree char *clean =
		g_utf8_make_valid(message, (gssize)strnlen(message, 300));

	g_strdelimit(clean, "\r\n\t", ' ');
	for (guint i = 0; i < G_N_ELEMENTS(advices); i++)
		if (strstr(clean, advices[i].text))
			return g_error_new(ETCD_ERROR,
					   (int)kind_of(code, clean), "%s (%s)",
					   advices[i].advice, clean);
	return g_error_new(ETCD_ERROR, (int)kind_of(code, clean), "says \"%s\"",
			   clean);
}

GError *etcd_wire_error(long status, const json_t *answer)
{
	struct reader rdr = { 0 };
	const char *message = read_text(&rdr, answer, "error");
	gint64 code = read_number(&rdr, answer, "code");

	if (!message || rdr.wrong)
		return g_error_new(ETCD_ERROR, ETCD_AWAY,
				   "answers with HTTP status %ld, and not as "
				   "etcd's gateway does",
				   status);
	return make_error(code, message);
}

char *etcd_wire_token(const json_t *answer, GError **error)
{
	struct reader rdr = { 0 };
	const char *token = read_text(&rdr, answer, "token");

	/* It goes into a header line. */
	for (const char *at = token; at && *at; at++)
		rdr.wrong |= !g_ascii_isgraph(*at);
	rdr.wrong |= !token || !*token || strlen(token) > 4096;
	return finish(&rdr, "a token", error) ? g_strdup(token) : NULL;
}

gboolean etcd_wire_lease_answer(const json_t *answer, gint64 *lease_r,
				gint64 *seconds_r, GError **error)
{
	struct reader rdr = { 0 };
	const json_t *result = member(&rdr, answer, "result", JSON_OBJECT);
	const json_t *body = result ? result : answer;

	*lease_r = read_number(&rdr, body, "ID");
	*seconds_r = read_number(&rdr, body, "TTL");
	rdr.wrong |= !*lease_r || *seconds_r > 86400;
	return finish(&rdr, "the answer about a lease", error);
}

static GPtrArray *kv_array(void)
{
	return g_ptr_array_new_with_free_func(free_kv);
}

void etcd_page_fini(struct etcd_page *page)
{
	g_clear_pointer(&page->last, g_free);
	g_clear_pointer(&page->kvs, g_ptr_array_unref);
}

static void read_kvs(struct reader *rdr, const json_t *answer,
		     const char *prefix, struct etcd_page *page)
{
	const json_t *kvs = member(rdr, answer, "kvs", JSON_ARRAY);
	size_t n = json_array_size(kvs);
	gsize size = 0;

	for (size_t i = 0; i < n; i++) {
		struct etcd_kv *kv =
			read_kv(rdr, json_array_get(kvs, i), prefix, FALSE);

		if (kv)
			g_ptr_array_add(page->kvs, kv);
	}
	if (n)
		page->last = read_bytes(rdr, json_array_get(kvs, n - 1), "key",
					64 * 1024, &size);
	/* A key with a zero byte is none of ours, and paging ends there. */
	if (page->more && (!page->last || strlen(page->last) != size))
		rdr->wrong = TRUE;
}

gboolean etcd_wire_page(const json_t *answer, const char *prefix,
			struct etcd_page *page_r, GError **error)
{
	struct reader rdr = { .wrong = !json_is_object(answer) };

	memset(page_r, 0, sizeof(*page_r));
	page_r->kvs = kv_array();
	page_r->revision = read_revision(&rdr, answer);
	page_r->more = read_flag(&rdr, answer, "more");
	read_kvs(&rdr, answer, prefix, page_r);
	rdr.wrong |= !page_r->revision;
	if (!finish(&rdr, "a list of keys", error)) {
		etcd_page_fini(page_r);
		memset(page_r, 0, sizeof(*page_r));
		return FALSE;
	}
	return TRUE;
}

void etcd_outcome_fini(struct etcd_outcome *out)
{
	g_clear_pointer(&out->read, etcd_kv_free);
}

gboolean etcd_wire_outcome(const json_t *answer, const char *prefix,
			   struct etcd_outcome *out_r, GError **error)
{
	struct reader rdr = { .wrong = !json_is_object(answer) };
	const json_t *responses = member(&rdr, answer, "responses", JSON_ARRAY);
	const json_t *range_answer =
		json_object_get(json_array_get(responses, 0), "response_range");
	const json_t *kvs = member(&rdr, range_answer, "kvs", JSON_ARRAY);

	memset(out_r, 0, sizeof(*out_r));
	out_r->revision = read_revision(&rdr, answer);
	out_r->succeeded = read_flag(&rdr, answer, "succeeded");
	if (json_array_size(kvs))
		out_r->read =
			read_kv(&rdr, json_array_get(kvs, 0), prefix, FALSE);
	rdr.wrong |= !out_r->revision;
	if (!finish(&rdr, "the outcome of a transaction", error)) {
		etcd_outcome_fini(out_r);
		return FALSE;
	}
	return TRUE;
}

void etcd_message_fini(struct etcd_message *msg)
{
	g_clear_pointer(&msg->reason, g_free);
	g_clear_pointer(&msg->kvs, g_ptr_array_unref);
}

static void read_events(struct reader *rdr, const json_t *result,
			const char *prefix, struct etcd_message *msg)
{
	const json_t *events = member(rdr, result, "events", JSON_ARRAY);

	for (size_t i = 0; i < json_array_size(events); i++) {
		const json_t *event = json_array_get(events, i);
		const char *type = read_text(rdr, event, "type");
		gboolean gone = type && !strcmp(type, "DELETE");
		struct etcd_kv *kv =
			read_kv(rdr, member(rdr, event, "kv", JSON_OBJECT),
				prefix, gone);

		if (kv)
			g_ptr_array_add(msg->kvs, kv);
	}
}

gboolean etcd_wire_message(const json_t *message, const char *prefix,
			   struct etcd_message *msg_r, GError **error)
{
	struct reader rdr = { 0 };
	const json_t *trouble = json_object_get(message, "error");
	const json_t *result = member(&rdr, message, "result", JSON_OBJECT);

	memset(msg_r, 0, sizeof(*msg_r));
	if (json_is_object(trouble)) {
		const char *text = read_text(&rdr, trouble, "message");
		gint64 code = read_number(&rdr, trouble, "grpc_code");

		g_propagate_error(error,
				  make_error(code, text ? text : "no reason"));
		return FALSE;
	}
	rdr.wrong |= !result;
	msg_r->kvs = kv_array();
	msg_r->revision = read_revision(&rdr, result);
	msg_r->created = read_flag(&rdr, result, "created");
	msg_r->canceled = read_flag(&rdr, result, "canceled");
	msg_r->fragment = read_flag(&rdr, result, "fragment");
	msg_r->compacted = read_number(&rdr, result, "compact_revision");
	msg_r->reason = g_strdup(read_text(&rdr, result, "cancel_reason"));
	read_events(&rdr, result, prefix, msg_r);
	if (!finish(&rdr, "a message of a watch", error)) {
		etcd_message_fini(msg_r);
		return FALSE;
	}
	return TRUE;
}
