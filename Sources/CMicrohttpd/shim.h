// GNU libmicrohttpd for Swift.
#pragma once
#include <microhttpd.h>

// Swift cannot call a variadic function. All options go into one array that ends with MHD_OPTION_END. The daemon reads
// the array only during this call.
static inline struct MHD_Daemon *mhd_start_daemon(unsigned int flags, MHD_AccessHandlerCallback handler,
                                                  void *context, struct MHD_OptionItem *options) {
    return MHD_start_daemon(flags, 0, NULL, NULL, handler, context, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}
