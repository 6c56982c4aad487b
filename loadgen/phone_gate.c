#include "loadgen/phone_gate.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signaling/lines.h"
#include "signaling/udp_candidate.h"

#define PROGRAM "ipsp-phonegate"

struct phone_gate {
	char *address, *program;
	struct caller *caller;
	char *site; /* which the bridge has made of it; NULL: it wants none */
	GHashTable *left; /* sites that it was before */
	GPid pid;	  /* 0: none runs */
	int fd;		  /* to it; -1: none */
	guint watch;
	struct lines input;
};

gboolean phone_gate_offer(struct ipsp_gate *gate_r, const char *text,
			  GError **error)
{
	*gate_r = (struct ipsp_gate){ .id = "offered",
				      .local = TRUE,
				      .n_candidates = 1 };
	if (!udp_candidate_parse(&gate_r->candidates[0], text)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "--offer-gate takes ADDRESS:PORT, an IP address of "
			    "this host that others reach, not \"%s\"",
			    text);
		return FALSE;
	}
	return TRUE;
}

struct phone_gate *phone_gate_create(const char *address, const char *program,
				     struct caller *caller)
{
	struct phone_gate *gate = g_new0(struct phone_gate, 1);

	gate->address = g_strdup(address);
	gate->program = program ? g_strdup(program)
				: g_build_filename(SBINDIR, PROGRAM, NULL);
	gate->caller = caller;
	gate->left =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	gate->fd = -1;
	lines_init(&gate->input, IPSP_MAX_MESSAGE);
	return gate;
}

static void let_go(struct phone_gate *gate)
{
	g_clear_handle_id(&gate->watch, g_source_remove);
	if (gate->fd >= 0)
		close(gate->fd);
	gate->fd = -1;
	lines_reset(&gate->input);
}

/* The one before must not be in the way of the next, at the same port. */
static void end_program(struct phone_gate *gate)
{
	let_go(gate);
	if (gate->pid && !kill(gate->pid, SIGKILL))
		waitpid(gate->pid, NULL, 0);
	gate->pid = 0;
}

/* Without its input it ends by itself, when its people have gone. */
void phone_gate_destroy(struct phone_gate **gatep)
{
	struct phone_gate *gate = *gatep;

	*gatep = NULL;
	if (!gate)
		return;
	let_go(gate);
	lines_fini(&gate->input);
	g_hash_table_unref(gate->left);
	g_free(gate->site);
	g_free(gate->program);
	g_free(gate->address);
	g_free(gate);
}

static void take_lines(struct phone_gate *gate, const char *bytes, gsize size)
{
	const char *line;
	gsize length;

	while ((line = lines_next(&gate->input, &bytes, &size, &length)))
		caller_message(gate->caller, line, length);
	if (gate->input.too_long)
		lines_reset(&gate->input);
}

static gboolean on_input(gint fd, GIOCondition condition, gpointer data)
{
	struct phone_gate *gate = data;
	char buf[4096];
	const gssize size = read(fd, buf, sizeof(buf));

	(void)condition;
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (size > 0) {
		take_lines(gate, buf, (gsize)size);
		return G_SOURCE_CONTINUE;
	}
	g_warning("phone: the offered PhoneGate has ended");
	gate->watch = 0;
	end_program(gate);
	return G_SOURCE_REMOVE;
}

static void start_program(struct phone_gate *gate)
{
	const char *const argv[] = { gate->program, "--lend", gate->address,
				     NULL };
	g_autoptr(GError) error = NULL;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		g_warning("phone: no socket for the offered PhoneGate: %s",
			  g_strerror(errno));
		return;
	}
	if (!g_spawn_async_with_fds(NULL, (char **)argv, NULL,
				    G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
				    &gate->pid, pair[1], pair[1], -1, &error)) {
		g_warning("phone: the offered PhoneGate does not start: %s",
			  error->message);
		close(pair[0]);
	} else {
		gate->fd = pair[0];
		g_unix_set_fd_nonblocking(gate->fd, TRUE, NULL);
		gate->watch = g_unix_fd_add(gate->fd, G_IO_IN | G_IO_HUP,
					    on_input, gate);
	}
	close(pair[1]);
}

/* Whoever stands in for it at the bridge has changed: it begins anew. FALSE: it
 * is said by one who did before, at the place that the caller has left. */
static gboolean serve(struct phone_gate *gate, const char *site)
{
	if (g_hash_table_contains(gate->left, site))
		return FALSE;
	if (!g_strcmp0(gate->site, site))
		return TRUE;
	if (gate->site)
		g_hash_table_add(gate->left, g_steal_pointer(&gate->site));
	gate->site = g_strdup(site);
	end_program(gate);
	start_program(gate);
	return TRUE;
}

/* What the program does not take in time is said again. */
static void pass_on(const struct phone_gate *gate, const char *json, gsize size)
{
	char line[IPSP_MAX_MESSAGE + 1];

	memcpy(line, json, size);
	line[size] = '\n';
	if (gate->fd >= 0 && send(gate->fd, line, size + 1, MSG_NOSIGNAL) < 0)
		g_info("phone: the offered PhoneGate does not listen: %s",
		       g_strerror(errno));
	explicit_bzero(line, sizeof(line));
}

gboolean phone_gate_message(struct phone_gate *gate, const char *json,
			    gsize size)
{
	json_t *root = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
	const char *type = json_string_value(json_object_get(root, "t"));
	const char *site = json_string_value(json_object_get(root, "s"));
	const gboolean ours = !g_strcmp0(type, "gate") && site;

	if (ours && size <= IPSP_MAX_MESSAGE && serve(gate, site))
		pass_on(gate, json, size);
	json_decref(root);
	return ours;
}
