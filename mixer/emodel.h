/* emodel - from delay and loss to a rating R and a mean opinion score, by the
 * fullband E-model (ITU-T G.107.2) reduced to what a packet network spoils:
 *
 *   R = 148 - Id(delay) - Ie,eff(loss)		no echo, no noise, A = 0
 *   Id = 1.48 * 25 * ((1 + X^6)^(1/6) - 3 (1 + (X/3)^6)^(1/6) + 2),
 *	X = log2(delay / 100 ms), 0 up to 100 ms
 *   Ie,eff = Ie + (132 - Ie) * loss / (loss / BurstR + Bpl)	loss in percent
 *   MOS = 1 + 0.035 R' + 7e-6 R' (R' - 60) (100 - R'),	R' = R / 1.48
 *
 * AN ESTIMATE, and no more. No Ie and Bpl of Opus are standardised: those of
 * its nearest relative stand in, EVS at 48 kbit/s (G.113 Appendix V: Ie 10.2,
 * Bpl 9.6), and the E-model is a tool for planning networks, not a judgement
 * of one call. Two figures of this model may be compared with each other, not
 * with those of another one. docs/quality.md says more.
 *
 * Pure functions. RT. */
#ifndef MIXER_EMODEL_H
#define MIXER_EMODEL_H

struct emodel_path {
	double delay_ms; /* one way, mouth to ear */
	double loss;	 /* 0..1, what no forward error correction made good */
	/* burst_report.ratio; the model knows no more than 1 to 2. */
	double burst_ratio;
};

/* R' of above: 0 to 100, 93.1 at best. */
double emodel_rating(const struct emodel_path *path);

/* 1 to 4.5. */
double emodel_mos(double rating);

#endif
