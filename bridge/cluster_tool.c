/* What a tool's seat has of its own: see cluster_private.h. */
#include <gio/gio.h>
#include <string.h>

#include "bridge/candidates.h"
#include "bridge/cluster_private.h"

static const char *const loopback[] = { "127.0.0.0/8", "::1", NULL };

/* A site must not be made to send to its own host what another offered of
 * his: an address on the loopback is one to a site that is there. */
gboolean cluster_tool_address(struct cluster_media *cm,
			      const struct document_place *place,
			      const struct sockaddr_storage *remote,
			      struct sockaddr_storage *address_r)
{
	const gboolean near = candidates_in(remote, loopback);
	struct ipsp_gate gate;

	if (!cluster_sites_describe(cm->sites, place, &gate))
		return FALSE;
	for (guint i = 0; i < gate.n_candidates; i++) {
		const struct ipsp_candidate *cand = &gate.candidates[i];

		if (candidates_parse(cand->address, cand->port, address_r) &&
		    address_r->ss_family == remote->ss_family &&
		    candidates_in(address_r, loopback) == near)
			return TRUE;
	}
	return FALSE;
}

static void write_address(const struct sockaddr_storage *address,
			  struct ipsp_candidate *cand)
{
	g_autoptr(GSocketAddress) socket = g_socket_address_new_from_native(
		(gpointer)address, sizeof(*address));
	GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(socket);
	g_autofree char *literal = g_inet_address_to_string(
		g_inet_socket_address_get_address(inet));

	g_strlcpy(cand->transport, "udp", sizeof(cand->transport));
	g_strlcpy(cand->address, literal, sizeof(cand->address));
	cand->port = g_inet_socket_address_get_port(inet);
}

void cluster_tool_agree(struct cluster_seat *seat,
			const struct media_tool *tool)
{
	const struct sdp_offer *offer = tool->offer;
	struct document_member *doc = &seat->doc;

	doc->payload_type = offer->payload_type;
	doc->level_id = offer->level_id;
	doc->srtp = offer->suite != SDP_PLAIN;
	memcpy(doc->token, tool->token, sizeof(doc->token));
	doc->has_tool = TRUE;
	doc->tool.suite = offer->suite;
	doc->tool.direction = tool->direction;
	doc->tool.bitrate = offer->max_bitrate;
	write_address(&offer->address, &doc->tool.address);
	g_strlcpy(doc->tool.cname, tool->cname, sizeof(doc->tool.cname));
	seat->tool.ssrc_b2c = tool->ssrc;
	memcpy(seat->tool.tool_in, offer->crypto.key,
	       sizeof(seat->tool.tool_in));
	memcpy(seat->tool.tool_out, tool->key, sizeof(seat->tool.tool_out));
}

void cluster_tools_end_at(struct cluster_media *cm, const char *site)
{
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(guint32));
	GHashTableIter iter;
	const struct cluster_seat *seat;

	g_hash_table_iter_init(&iter, cm->by_member);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&seat))
		if (seat->doc.has_tool && !strcmp(seat->doc.place.site, site))
			g_array_append_val(gone, seat->mem->id);
	for (guint i = 0; i < gone->len; i++)
		cm->events->gone(g_array_index(gone, guint32, i), FALSE,
				 cm->events_arg);
}
