/* standard_fds - descriptors 0, 1 and 2 are what a program takes them for. */
#ifndef SIGNALING_STANDARD_FDS_H
#define SIGNALING_STANDARD_FDS_H

/* Opens /dev/null on each of standard input, output and error that is closed
 * (`program <&-`): else the first socket of the program would become its
 * keyboard, or its log. The first line of every main(); ends the program where
 * it cannot. */
void standard_fds_open(void);

#endif
