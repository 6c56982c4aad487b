#include "signaling/udp_candidate.h"

#include <gio/gio.h>

gboolean udp_candidate_parse(struct ipsp_candidate *cand_r, const char *text)
{
	g_autoptr(GSocketConnectable) where =
		g_network_address_parse(text, 0, NULL);
	GNetworkAddress *net = where ? G_NETWORK_ADDRESS(where) : NULL;

	if (!net || !g_network_address_get_port(net) ||
	    !g_hostname_is_ip_address(g_network_address_get_hostname(net)))
		return FALSE;
	*cand_r = (struct ipsp_candidate){
		.port = g_network_address_get_port(net),
	};
	g_strlcpy(cand_r->transport, "udp", sizeof(cand_r->transport));
	return g_strlcpy(cand_r->address, g_network_address_get_hostname(net),
			 sizeof(cand_r->address)) < sizeof(cand_r->address);
}
