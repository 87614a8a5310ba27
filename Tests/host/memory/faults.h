/*
 * faults.h - faults of other libraries that crash or hang a process, or leak, when memory is refused at the wrong
 * moment. refuse.c spares the process these moments: each fault separately, only in the versions known to have it, and
 * nothing more.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <curl/curlver.h>
#include <dlfcn.h>
#include <jansson.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum fault {
    NO_FAULT,
    /* lex_save() does not check whether strbuffer_append_byte() got memory for the text of a string or a number. If
     * not, a part of the text is missing, and lex_scan_string() reads and writes past its end, or stops at an
     * assertion. */
    IN_LEX_SAVE,
    /* It frees the name of a TLS session twice if memory is refused while it stores the session. The workaround gives
     * it no sessions. */
    IN_NEW_SESSION,
    /* Curl_oss_check_peer_cert() leaks the subject's name if it does not get the issuer's, and x509_name_oneline()
     * leaks the buffer for a name. */
    IN_PEER_NAMES,
    /* ossl_init_base(), and in 3.6 also ossl_init_load_crypto_strings(): if memory is refused, CRYPTO_malloc() reports
     * it to ERR_new(), which waits for these two to end, and so for itself. */
    IN_INIT_CRYPTO,
    /* ossl_rcu_read_lock() asserts that it got memory for the thread's data. */
    IN_RCU_READ_LOCK,
    /* SSL_set_connect_state() reports nothing if RECORD_LAYER_reset() got no memory; SSL_set0_rbio(), which libcurl
     * calls next, then dereferences a null pointer. */
    IN_CONNECT_STATE,
    FAULTS
};

static struct {
    const char *where;
    int is_known; /* whether the version in use has it */
    long spared;
} faults[FAULTS] = {
    [IN_LEX_SAVE] = {"lex_save() of jansson, up to 2.15", 0, 0},
    [IN_NEW_SESSION] = {"ossl_new_session_cb() of libcurl 7", 0, 0},
    [IN_PEER_NAMES] = {"Curl_oss_check_peer_cert() of libcurl 8.14", 0, 0},
    [IN_INIT_CRYPTO] = {"OPENSSL_init_crypto() of OpenSSL 3.2 to 3.6", 0, 0},
    [IN_RCU_READ_LOCK] = {"ossl_rcu_read_lock() of OpenSSL 3.3 to 3.5", 0, 0},
    [IN_CONNECT_STATE] = {"SSL_set_connect_state() of OpenSSL 3.2 to 3.6", 0, 0},
};

/* The fault that this thread may meet now. It is volatile because the compiler assumes that malloc() reads no
 * variable. */
static _Thread_local volatile enum fault fault_at __attribute__((tls_model("initial-exec")));

/* ---- Which library a caller belongs to ---- */

struct code {
    const char *name;
    uintptr_t start, end;
};

static struct code code_of_jansson = {"/libjansson.so", 0, 0}, code_of_curl = {"/libcurl.so", 0, 0};

static int find_code(struct dl_phdr_info *info, size_t size, void *argument) {
    struct code *code = argument;
    (void)size;
    if (strstr(info->dlpi_name, code->name) == NULL) return 0;
    for (int n = 0; n < info->dlpi_phnum; n++) {
        uintptr_t start = info->dlpi_addr + info->dlpi_phdr[n].p_vaddr;
        if (info->dlpi_phdr[n].p_type != PT_LOAD || !(info->dlpi_phdr[n].p_flags & PF_X)) continue;
        code->start = start;
        code->end = start + info->dlpi_phdr[n].p_memsz;
    }
    return 1;
}

static int is_of(const struct code *code, const void *caller) {
    return (uintptr_t)caller >= code->start && (uintptr_t)caller < code->end;
}

/* The fault that the next allocation would meet, or NO_FAULT. The text that jansson reads grows in powers of two. */
static enum fault fault_met(const void *caller, size_t size) {
    enum fault met = fault_at;
    if (is_of(&code_of_jansson, caller) && size >= 32 && (size & (size - 1)) == 0) met = IN_LEX_SAVE;
    return faults[met].is_known ? met : NO_FAULT;
}

/* ---- Replacements of OpenSSL functions that libcurl calls around a fault ---- */

static void (*real_sess_set_new_cb)(void *context, int (*callback)(void *, void *));
static int (*real_init_crypto)(uint64_t options, const void *settings);
static void (*real_set_connect_state)(void *tls);
static void *(*real_get_subject_name)(const void *certificate);
static void *(*real_get_issuer_name)(const void *certificate);
static const void *(*real_get0_notBefore)(const void *certificate);
static long (*real_get_verify_result)(const void *tls);

void SSL_CTX_sess_set_new_cb(void *context, int (*callback)(void *, void *));
int OPENSSL_init_crypto(uint64_t options, const void *settings);
void SSL_set_connect_state(void *tls);
void *X509_get_subject_name(const void *certificate);
void *X509_get_issuer_name(const void *certificate);
const void *X509_get0_notBefore(const void *certificate);
long SSL_get_verify_result(const void *tls);

void SSL_CTX_sess_set_new_cb(void *context, int (*callback)(void *, void *)) {
    if (faults[IN_NEW_SESSION].is_known) {
        faults[IN_NEW_SESSION].spared++;
    } else {
        real_sess_set_new_cb(context, callback);
    }
}

int OPENSSL_init_crypto(uint64_t options, const void *settings) {
    const uint64_t base_only = 0x00040000, load_crypto_strings = 0x00000002, no_atexit = 0x00080000;
    enum fault before = fault_at;
    fault_at = IN_INIT_CRYPTO;
    (void)real_init_crypto(base_only, NULL);
    if (options & load_crypto_strings) (void)real_init_crypto(options & (load_crypto_strings | no_atexit), NULL);
    fault_at = before;
    return real_init_crypto(options, settings);
}

void SSL_set_connect_state(void *tls) {
    fault_at = IN_CONNECT_STATE;
    real_set_connect_state(tls);
    fault_at = NO_FAULT;
}

/* libcurl takes a name, writes it, and then asks the certificate for something else. */
void *X509_get_subject_name(const void *certificate) {
    if (is_of(&code_of_curl, __builtin_return_address(0))) fault_at = IN_PEER_NAMES;
    return real_get_subject_name(certificate);
}

const void *X509_get0_notBefore(const void *certificate) {
    if (fault_at == IN_PEER_NAMES) fault_at = NO_FAULT;
    return real_get0_notBefore(certificate);
}

void *X509_get_issuer_name(const void *certificate) {
    if (is_of(&code_of_curl, __builtin_return_address(0))) fault_at = IN_PEER_NAMES;
    return real_get_issuer_name(certificate);
}

long SSL_get_verify_result(const void *tls) {
    if (fault_at == IN_PEER_NAMES) fault_at = NO_FAULT;
    return real_get_verify_result(tls);
}

/* ---- OpenSSL's allocator, which receives the place of each allocation ---- */

enum { RCU_THREAD_BYTES = 240 }; /* sizeof(struct rcu_thr_data) */

static void *openssl_malloc(size_t size, const char *file, int line) {
    enum fault before = fault_at;
    void *block;
    (void)line;
    if (size == RCU_THREAD_BYTES && file != NULL && strstr(file, "crypto/threads_pthread.c") != NULL)
        fault_at = IN_RCU_READ_LOCK;
    block = malloc(size);
    fault_at = before;
    return block;
}

static void *openssl_realloc(void *block, size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    return realloc(block, size);
}

static void openssl_free(void *block, const char *file, int line) {
    (void)file;
    (void)line;
    free(block);
}

/* ---- Which versions are in use ---- */

/* These are weak because this library is also loaded into the shell that shows the stacks of a program that hangs,
 * which has no OpenSSL. */
extern unsigned long OpenSSL_version_num(void) __attribute__((weak));
extern int CRYPTO_set_mem_functions(void *(*)(size_t, const char *, int), void *(*)(void *, size_t, const char *, int),
                                    void (*)(void *, const char *, int)) __attribute__((weak));

static void find_real(const char *name, void *function) {
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) abort();
    memcpy(function, &found, sizeof found);
}

/* Tests are compiled where they run, so libcurl and jansson match their headers. This runs before OpenSSL's first
 * allocation, because OpenSSL accepts no allocator after that. */
__attribute__((constructor)) static void know_faults(void) {
    unsigned long openssl; /* as in 0x305 for 3.5 */
    if (OpenSSL_version_num == NULL) return;
    find_real("OPENSSL_init_crypto", &real_init_crypto);
    find_real("SSL_CTX_sess_set_new_cb", &real_sess_set_new_cb);
    find_real("SSL_set_connect_state", &real_set_connect_state);
    find_real("X509_get_subject_name", &real_get_subject_name);
    find_real("X509_get_issuer_name", &real_get_issuer_name);
    find_real("X509_get0_notBefore", &real_get0_notBefore);
    find_real("SSL_get_verify_result", &real_get_verify_result);
    (void)dl_iterate_phdr(find_code, &code_of_jansson);
    (void)dl_iterate_phdr(find_code, &code_of_curl);
    openssl = OpenSSL_version_num() >> 20;
    faults[IN_LEX_SAVE].is_known = JANSSON_VERSION_HEX < 0x021000;
    faults[IN_NEW_SESSION].is_known = LIBCURL_VERSION_MAJOR == 7;
    faults[IN_PEER_NAMES].is_known = LIBCURL_VERSION_MAJOR == 8 && LIBCURL_VERSION_MINOR == 14;
    faults[IN_INIT_CRYPTO].is_known = openssl >= 0x302 && openssl <= 0x306;
    faults[IN_RCU_READ_LOCK].is_known = openssl >= 0x303 && openssl <= 0x305;
    faults[IN_CONNECT_STATE].is_known = openssl >= 0x302 && openssl <= 0x306;
    if (faults[IN_RCU_READ_LOCK].is_known && !CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free))
        abort();
}

#endif
