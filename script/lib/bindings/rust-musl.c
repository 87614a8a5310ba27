/* glibc's names for the functions that know large files. Rust calls them by these names for musl too, which had them
 * until 1.2.4; there each is another name of the ordinary function. */
#if defined __x86_64__
#define JUMP "jmp "
#else
#define JUMP "b "
#endif
#define SAME(other, name) __asm__(".globl " #other "\n" #other ": " JUMP #name "\n");

SAME(fopen64, fopen)
SAME(fstat64, fstat)
SAME(fstatat64, fstatat)
SAME(fstatvfs64, fstatvfs)
SAME(ftruncate64, ftruncate)
SAME(lseek64, lseek)
SAME(lstat64, lstat)
SAME(mmap64, mmap)
SAME(open64, open)
SAME(openat64, openat)
SAME(pread64, pread)
SAME(pwrite64, pwrite)
SAME(readdir64, readdir)
SAME(readdir64_r, readdir_r)
SAME(sendfile64, sendfile)
SAME(stat64, stat)
SAME(truncate64, truncate)
