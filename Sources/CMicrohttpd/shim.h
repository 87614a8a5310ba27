// GNU libmicrohttpd for Swift.
#pragma once
#include <microhttpd.h>
#include <sys/eventfd.h>

// Swift cannot call a variadic function. All options go into one array that ends with MHD_OPTION_END. The daemon reads
// the array only during this call.
static inline struct MHD_Daemon *mhd_start_daemon(unsigned int flags, MHD_AccessHandlerCallback handler,
                                                  void *context, struct MHD_OptionItem *options) {
    return MHD_start_daemon(flags, 0, NULL, NULL, handler, context, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

// MHD_get_connection_info() is variadic, too. Returns -1 when there is no socket.
static inline int mhd_connection_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

// The event with which poll() reports that the peer has closed its side. <poll.h> has it, as POLLRDHUP, only under
// _GNU_SOURCE, which Swift does not define.
enum { mhd_poll_peer_closed = 0x2000 };
