/* key.h - reads the org key, gives it to the client, and wipes what else holds it. */
#ifndef KEY_H
#define KEY_H

#include "options.h"

#include <machineid.h>

/* Makes this process unreadable for other processes of its user: no /proc/PID/mem, no ptrace, no core dump. The same
 * holds for processes that it forks, until they run another program. */
void become_unreadable(void);

/* Reads the org key from --key-file, MACHINEID_ORG_KEY_FILE, the file machineid-org-key in CREDENTIALS_DIRECTORY, or
 * MACHINEID_ORG_KEY: the first that there is. Without a usable key this ends the process. While it waits for a pipe,
 * a signal from the signalfd `signals` ends the process too. */
void read_key(const struct settings *settings, int signals);

/* Takes MACHINEID_ORG_KEY and MACHINEID_ORG_KEY_FILE out of the environment of this process, and wipes them. */
void clear_key_variables(void);

/* Wipes the key that read_key() has read. */
void forget_key(void);

/* Makes the client, and forgets the key. On failure `culprit` becomes the option or the variable that is to blame. */
mid_status make_client(const struct settings *settings, mid_client **client, char **json, const char **culprit);

#endif
