/*
 * OpenSSL has this variable as a common symbol, for which the linker makes room only in a program or a shared library.
 * This definition takes its place, so that the symbol can be local to the object in libmachineid.a. Its length is
 * OPENSSL_IA32CAP_P_MAX_INDEXES of OpenSSL's internal/cryptlib.h; a linker refuses a shorter one.
 */
__attribute__((visibility("hidden"))) unsigned int OPENSSL_ia32cap_P[10] = {0};
