# find_package(machineid) makes these targets, for target_link_libraries():
#
#     machineid::machineid   the headers with the static library; with MACHINEID_SHARED, with the shared one
#     machineid::static      the headers with the static library
#     machineid::shared      the headers with the shared library
#
# The package has libraries for Linux on amd64 and arm64, with glibc and musl. The compiler is asked which one fits.
# These variables may be set before:
#
#     MACHINEID_SHARED    ON: machineid::machineid is the shared library
#     MACHINEID_LIBRARY   the file of another libmachineid, .so or .a, which is used instead of those in the package
if(TARGET machineid::machineid)
  return()
endif()
get_filename_component(_machineid_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

# _machineid_ask(RESULT CONDITION): sets the cached variable RESULT to whether the macros of the compiler, and of its C
# library, fulfil a condition.
function(_machineid_ask result condition)
  set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
  set(CMAKE_REQUIRED_QUIET ON)
  set(code "#include <limits.h>\n#if !(${condition})\n#error it does not hold\n#endif\nint asked(void);\n")
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if("CXX" IN_LIST languages)
    include(CheckCXXSourceCompiles)
    check_cxx_source_compiles("${code}" ${result})
  else()
    include(CheckCSourceCompiles)
    check_c_source_compiles("${code}" ${result})
  endif()
endfunction()

# _machineid_add(NAME KIND FILE): makes the target machineid::NAME of a library.
function(_machineid_add name kind file)
  if(machineid_GLOBAL)
    add_library(machineid::${name} ${kind} IMPORTED GLOBAL)
  else()
    add_library(machineid::${name} ${kind} IMPORTED)
  endif()
  set_target_properties(machineid::${name} PROPERTIES
    IMPORTED_LOCATION "${file}"
    INTERFACE_INCLUDE_DIRECTORIES "${_machineid_prefix}/include")
  if(kind STREQUAL "STATIC")
    # A glibc before 2.34 has threads and the loader in libraries of their own.
    set_target_properties(machineid::${name} PROPERTIES
      INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS}")
  elseif(kind STREQUAL "SHARED")
    set_target_properties(machineid::${name} PROPERTIES IMPORTED_SONAME libmachineid.so.0)
  endif()
endfunction()

if(MACHINEID_LIBRARY)
  if(NOT EXISTS "${MACHINEID_LIBRARY}")
    set(machineid_NOT_FOUND_MESSAGE "there is no file ${MACHINEID_LIBRARY}, which MACHINEID_LIBRARY names")
    set(machineid_FOUND FALSE)
    return()
  endif()
  _machineid_add(machineid UNKNOWN "${MACHINEID_LIBRARY}")
  return()
endif()

get_property(_machineid_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if(NOT "CXX" IN_LIST _machineid_languages AND NOT "C" IN_LIST _machineid_languages)
  set(machineid_NOT_FOUND_MESSAGE "machineid needs the language CXX or C; call project() or enable_language() before")
  set(machineid_FOUND FALSE)
  return()
endif()
_machineid_ask(MACHINEID_ON_AMD64 "defined(__x86_64__) && defined(__LP64__)")
_machineid_ask(MACHINEID_ON_ARM64 "defined(__aarch64__) && defined(__LP64__) && !defined(__AARCH64EB__)")
_machineid_ask(MACHINEID_WITH_GLIBC "defined(__GLIBC__) && !defined(__UCLIBC__)")
set(_machineid_arch other)
if(MACHINEID_ON_AMD64)
  set(_machineid_arch amd64)
elseif(MACHINEID_ON_ARM64)
  set(_machineid_arch arm64)
endif()
set(_machineid_libc musl)
if(MACHINEID_WITH_GLIBC)
  set(_machineid_libc glibc)
endif()
set(_machineid_folder "${_machineid_prefix}/lib/${_machineid_arch}-${_machineid_libc}")
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux" OR NOT EXISTS "${_machineid_folder}")
  set(machineid_NOT_FOUND_MESSAGE
    "this package has no library for ${CMAKE_SYSTEM_NAME} on ${CMAKE_SYSTEM_PROCESSOR} with this C library; \
build libmachineid for it and set MACHINEID_LIBRARY to its file")
  set(machineid_FOUND FALSE)
  return()
endif()

include(CMakeFindDependencyMacro)
find_dependency(Threads)
_machineid_add(static STATIC "${_machineid_folder}/libmachineid.a")
_machineid_add(shared SHARED "${_machineid_folder}/libmachineid.so.0")
if(MACHINEID_SHARED)
  _machineid_add(machineid SHARED "${_machineid_folder}/libmachineid.so.0")
else()
  _machineid_add(machineid STATIC "${_machineid_folder}/libmachineid.a")
endif()
