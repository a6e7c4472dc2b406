// Included before everything else in each C++ file of llama.cpp (scripts/lib/llama-build.mjs).
//
// g++'s `_tile_loadconfig` says that it reads 8 of the 64 bytes at its argument, so the stores of the others are dropped,
// and the CPU refuses such a configuration: SIGSEGV in the first matrix product on AMX.
#pragma once

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#include <immintrin.h>

static inline void lloyal_tile_loadconfig(const void* config) {
  __asm__ volatile("ldtilecfg\t%X0" ::"m"(*static_cast<const char(*)[64]>(config)));
}
#define _tile_loadconfig lloyal_tile_loadconfig
#endif
