// libcurl for Swift. Swift cannot call variadic C functions, so each use of one has a typed function here.
#pragma once
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include "openssl.h"

static inline CURLcode ccurl_set_long(CURL *_Nonnull easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_string(CURL *_Nonnull easy, CURLoption option, const char *_Nullable value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_pointer(CURL *_Nonnull easy, CURLoption option, void *_Nullable value) {
    return curl_easy_setopt(easy, option, value);
}

// libcurl does not copy the bytes; they must outlive the handle's use of them.
static inline CURLcode ccurl_set_blob(CURL *_Nonnull easy, CURLoption option, const char *_Nonnull text) {
    struct curl_blob blob = {.data = (void *)(uintptr_t)text, .len = strlen(text), .flags = CURL_BLOB_NOCOPY};
    return curl_easy_setopt(easy, option, &blob);
}

static inline CURLcode ccurl_set_receiver(CURL *_Nonnull easy, CURLoption option, curl_write_callback _Nonnull value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_opensocket(CURL *_Nonnull easy, curl_opensocket_callback _Nonnull value) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, value);
}

static inline CURLcode ccurl_set_closesocket(CURL *_Nonnull easy, curl_closesocket_callback _Nonnull value) {
    return curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, value);
}

static inline CURLcode ccurl_set_prereq(CURL *_Nonnull easy, curl_prereq_callback _Nonnull value) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, value);
}

static inline CURLcode ccurl_set_progress(CURL *_Nonnull easy, curl_xferinfo_callback _Nonnull value) {
    return curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, value);
}

static inline CURLcode ccurl_set_tls_setup(CURL *_Nonnull easy, curl_ssl_ctx_callback _Nonnull value) {
    return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, value);
}

static inline CURLMcode ccurl_multi_set_long(CURLM *_Nonnull multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

// Sets CURLMOPT_QUICK_EXIT: curl_multi_cleanup() does not wait for the threads that resolve names, as libcurl behaved
// before it had this option. The option is newer than the headers this may be compiled with, so it is given by number;
// an older libcurl rejects it, which is harmless.
static inline void ccurl_multi_leave_resolvers(CURLM *_Nonnull multi) {
    curl_multi_setopt(multi, (CURLMoption)(CURLOPTTYPE_LONG + 21), 1L);
}

// CURL_NETRC_IGNORED is an enumerator in some versions of libcurl and a macro for a long in others.
static inline long ccurl_netrc_ignored(void) {
    return CURL_NETRC_IGNORED;
}

static inline long ccurl_get_long(CURL *_Nonnull easy, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

static inline curl_off_t ccurl_get_offset(CURL *_Nonnull easy, CURLINFO info) {
    curl_off_t value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

// CURLINFO_USED_PROXY came with libcurl 8.7, and this may be compiled with the headers of an earlier version. Returns
// -1 when the loaded libcurl does not know it.
static inline long ccurl_used_proxy(CURL *_Nonnull easy) {
    long value = 0;
    return curl_easy_getinfo(easy, (CURLINFO)(CURLINFO_LONG + 66), &value) == CURLE_OK ? value : -1;
}

static inline void *_Nullable ccurl_get_private(CURL *_Nonnull easy) {
    char *value = NULL;
    return curl_easy_getinfo(easy, CURLINFO_PRIVATE, &value) == CURLE_OK ? value : NULL;
}

// CURLVERSION_NOW is a macro for another constant, which Swift does not import.
static inline const curl_version_info_data *_Nonnull ccurl_version(void) {
    return curl_version_info(CURLVERSION_NOW);
}
