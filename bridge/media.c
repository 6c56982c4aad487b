#include "bridge/media.h"

static struct member_figures direction(const struct stream_figures *fig)
{
	return (struct member_figures){
		.loss = (double)fig->loss,
		.late = (double)fig->late,
		.concealed = (double)fig->concealed,
		.recovered = (double)fig->recovered,
		.jitter_ms = (double)fig->jitter_ms,
		.buffer_ms = (double)fig->buffer_ms,
		.mos = (double)fig->mos,
	};
}

struct media_figures media_figures(const struct session_report *rep)
{
	return (struct media_figures){
		.in = direction(&rep->in),
		.out = direction(&rep->out),
		.round_trip_ms = (double)rep->round_trip_ms,
		.talked_s = rep->talked_s,
		.silent_s = rep->silent_s,
		.talking = rep->talking,
	};
}
