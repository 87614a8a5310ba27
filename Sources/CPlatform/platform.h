#pragma once
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "../../include/machineid.h"
static inline const char *_Nonnull platform_version(void) { return MID_VERSION; }
static inline int platform_errno(void) { return errno; }
