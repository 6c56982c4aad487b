/* level - how loud a piece of sound is, in dBov as RFC 6464 means it: 0 is
 * the RMS of a full-scale square wave, -127 is silence. Keeps no state. */
#ifndef MIXER_LEVEL_H
#define MIXER_LEVEL_H

#include <stddef.h>
#include <stdint.h>

#define LEVEL_SILENCE (-127.0f)
#define LEVEL_NONE    1 /* where a level may be missing: there is none */

/* RT. -127 to 0; n samples, at least one. */
float level_dbov(const int16_t *pcm, size_t n);

#endif
