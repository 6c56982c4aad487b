/* agc - brings each talker to the same loudness: slowly, while he speaks, and
 * by a gain that the mixer applies together with his volume.
 *
 * The aim is -26 dBov of active speech, the nominal level of ITU-T P.56 and
 * G.191; the gain stays within +-12 dB, rises by 3 dB a second and falls by
 * 12. In pauses nothing moves: the noise of a pause never swells. What does
 * not stand out from the steady noise by 9 dB is a pause.
 *
 * Ours and not SpeexDSP's: that one clips to 16 bits before the limiter sees
 * the sound, needs two transforms a frame, and must not forget its talker
 * when he falls silent and his decoder is given to another.
 *
 * A plain value, copied by assignment; one media worker. */
#ifndef MIXER_AGC_H
#define MIXER_AGC_H

#define AGC_TARGET (-26.0f) /* dBov */
#define AGC_RANGE  12.0f    /* dB, up and down */

struct agc {
	float floor;	/* dBov: the steady noise */
	float power;	/* mean of active speech, 1 is full scale */
	float gain;	/* dB */
	unsigned heard; /* active frames, until the mean has settled */
};

void agc_init(struct agc *agc);

/* RT. Once for each frame of 20 ms that was decoded, with its level before
 * any gain. Returns the gain in dB. */
float agc_run(struct agc *agc, float level_dbov);

#endif
