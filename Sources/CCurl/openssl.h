// The little that is asked of OpenSSL, which libcurl brings along. Weak, which Swift cannot say: this library does not
// need it, and does not break when libcurl uses something else.
#pragma once
#include <curl/curl.h>

typedef void (*ccurl_tls_message)(int, int, int, const void *_Nullable, size_t, void *_Nullable, void *_Nullable);
extern int SSL_has_pending(const void *_Nonnull tls) __attribute__((weak));
extern void SSL_CTX_set_msg_callback(void *_Nonnull context, ccurl_tls_message _Nullable) __attribute__((weak));
extern long SSL_CTX_ctrl(void *_Nonnull context, int, long, void *_Nullable) __attribute__((weak));

// Whether the TLS layer of the transfer's connection holds bytes that it has taken in and nobody has read.
static inline int ccurl_tls_has_pending(CURL *_Nonnull easy) {
    struct curl_tlssessioninfo *info = NULL;
    if (SSL_has_pending == NULL || curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK) return 0;
    if (info == NULL || info->backend != CURLSSLBACKEND_OPENSSL || info->internals == NULL) return 0;
    return SSL_has_pending(info->internals);
}

// Calls back for each message of a TLS connection to be. SSL_CTX_set_msg_callback_arg() is a macro for the ctrl.
static inline CURLcode ccurl_watch_tls(CURL *_Nonnull easy, void *_Nonnull context, ccurl_tls_message _Nonnull callback,
                                       void *_Nullable argument) {
    struct curl_tlssessioninfo *info = NULL;
    if (SSL_CTX_set_msg_callback == NULL || SSL_CTX_ctrl == NULL) return CURLE_OK;
    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || info == NULL) return CURLE_OK;
    if (info->backend != CURLSSLBACKEND_OPENSSL) return CURLE_OK;
    SSL_CTX_set_msg_callback(context, callback);
    SSL_CTX_ctrl(context, 16, 0, argument);
    return CURLE_OK;
}
