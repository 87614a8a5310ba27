// The few OpenSSL functions that this library calls; libcurl loads OpenSSL. They are declared weak, which Swift cannot
// express: this library does not need them, and still loads when libcurl uses another TLS library.
#pragma once
#include <curl/curl.h>
#include <stdint.h>
#include <string.h>

typedef void (*ccurl_tls_message)(int, int, int, const void *_Nullable, size_t, void *_Nullable, void *_Nullable);
extern int SSL_has_pending(const void *_Nonnull tls) __attribute__((weak));
extern void SSL_CTX_set_msg_callback(void *_Nonnull context, ccurl_tls_message _Nullable) __attribute__((weak));
extern long SSL_CTX_ctrl(void *_Nonnull context, int, long, void *_Nullable) __attribute__((weak));

extern const char *_Nonnull OpenSSL_version(int what) __attribute__((weak));

// Whether the functions above are present and belong to the same OpenSSL that libcurl uses; a process may have loaded a
// second OpenSSL.
static inline int ccurl_knows_openssl(void) {
    const char *used = curl_version_info(CURLVERSION_NOW)->ssl_version; // "OpenSSL/3.0.19"
    if (SSL_has_pending == NULL || SSL_CTX_set_msg_callback == NULL || SSL_CTX_ctrl == NULL) return 0;
    if (OpenSSL_version == NULL || used == NULL || strncmp(used, "OpenSSL/", 8) != 0) return 0;
    const char *here = OpenSSL_version(0); // "OpenSSL 3.0.19 27 Jan 2026 (Library: ...)"
    size_t length = strlen(used);
    return strncmp(here, "OpenSSL ", 8) == 0 && strncmp(here + 8, used + 8, length - 8) == 0
        && (here[length] == ' ' || here[length] == '\0');
}

// Whether the TLS layer of the transfer's connection holds bytes that it has received and that nobody has read. Also
// returns 1 when that cannot be determined. Requires ccurl_knows_openssl().
static inline int ccurl_tls_has_pending(CURL *_Nonnull easy) {
    struct curl_tlssessioninfo *info = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK) return 1;
    if (info == NULL || info->backend != CURLSSLBACKEND_OPENSSL || info->internals == NULL) return 1;
    return SSL_has_pending(info->internals);
}

extern void SSL_set_quiet_shutdown(void *_Nonnull tls, int) __attribute__((weak));
extern void SSL_set_shutdown(void *_Nonnull tls, int) __attribute__((weak));

// Makes the TLS layer of the transfer's connection close without sending a close_notify and without reading one.
// Requires ccurl_knows_openssl().
static inline void ccurl_tls_silence(CURL *_Nonnull easy) {
    const int sent_and_received = 3; // SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN
    struct curl_tlssessioninfo *info = NULL;
    if (SSL_set_quiet_shutdown == NULL || SSL_set_shutdown == NULL) return;
    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK) return;
    if (info == NULL || info->internals == NULL) return;
    SSL_set_quiet_shutdown(info->internals, 1);
    SSL_set_shutdown(info->internals, sent_and_received);
}

// Registers a callback for each TLS message, and for the head of each TLS record, of the connections that will be made
// from this context. Requires ccurl_knows_openssl().
static inline void ccurl_watch_tls(void *_Nonnull context, ccurl_tls_message _Nonnull callback,
                                   void *_Nullable argument) {
    const int set_message_callback_argument = 16; // SSL_CTX_set_msg_callback_arg() is a macro.
    SSL_CTX_set_msg_callback(context, callback);
    SSL_CTX_ctrl(context, set_message_callback_argument, 0, argument);
}

extern const char *_Nonnull X509_verify_cert_error_string(long number) __attribute__((weak));
extern const char *_Nullable ERR_reason_error_string(unsigned long number) __attribute__((weak));

// The constant text for the fault that OpenSSL found in the peer's certificate; NULL when it reported none. Requires
// ccurl_knows_openssl().
static inline const char *_Nullable ccurl_certificate_fault(CURL *_Nonnull easy, int of_proxy) {
    const long unspecified = 1; // libcurl's initial value
    long number = 0;
    CURLINFO info = of_proxy ? CURLINFO_PROXY_SSL_VERIFYRESULT : CURLINFO_SSL_VERIFYRESULT;
    if (X509_verify_cert_error_string == NULL || curl_easy_getinfo(easy, info, &number) != CURLE_OK) return NULL;
    return number > unspecified ? X509_verify_cert_error_string(number) : NULL;
}

// The constant text of an OpenSSL error; NULL when it has none. Requires ccurl_knows_openssl().
static inline const char *_Nullable ccurl_openssl_reason(unsigned long number) {
    return ERR_reason_error_string == NULL ? NULL : ERR_reason_error_string(number);
}

extern int OPENSSL_init_crypto(uint64_t options, const void *_Nullable settings) __attribute__((weak));
extern int OPENSSL_init_ssl(uint64_t options, const void *_Nullable settings) __attribute__((weak));

// Initialises OpenSSL before libcurl does, without its exit handler, which would otherwise dismantle OpenSSL at exit()
// while other threads are still in calls. Has no effect when the host initialised OpenSSL first. After a failure
// OpenSSL stays broken, and libcurl reports that in each call. Requires ccurl_knows_openssl().
static inline void ccurl_prepare_openssl(void) {
    const uint64_t crypto_strings = 0x00000002, no_atexit = 0x00080000, ssl_strings = 0x00200000;
    if (OPENSSL_init_crypto == NULL || OPENSSL_init_ssl == NULL) return;
    if (OPENSSL_init_crypto(crypto_strings | no_atexit, NULL) == 1) OPENSSL_init_ssl(ssl_strings, NULL);
}
