/* token_command - `ipsp-bridge token`, a process of its own beside the
 * running bridge. */
#ifndef BRIDGE_TOKEN_COMMAND_H
#define BRIDGE_TOKEN_COMMAND_H

/* argv[0] is "token". Prints a token, or on stderr why not; the process's
 * exit status. */
int token_command(int argc, char **argv);

#endif
