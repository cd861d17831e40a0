// What the kernel templates need from the compiler.
#pragma once

#include <utility>

#define OCTET_INLINE inline __attribute__((always_inline))
#define OCTET_INLINE_LAMBDA __attribute__((always_inline))
#if defined(__clang__)
#define OCTET_UNROLL _Pragma("clang loop unroll(full)")
/// For a loop whose body is large.
#define OCTET_ROLLED _Pragma("clang loop unroll(disable)")
#else
#define OCTET_UNROLL _Pragma("GCC unroll 32")
#define OCTET_ROLLED _Pragma("GCC unroll 1")
#endif
/// Keeps a vector in a register across this point. Without it GCC 12 spills every accumulator in
/// every iteration of the dot loop.
#define OCTET_PIN(vector) asm("" : "+" OCTET_VECTOR_CONSTRAINT(vector))
/// The same for a pointer, of which GCC 12 may otherwise reload some in every iteration.
#if defined(__clang__)
#define OCTET_PIN_POINTER(pointer)
#else
#define OCTET_PIN_POINTER(pointer) asm("" : "+r"(pointer))
#endif
/// For a pointer that advances with a loop: Clang 19, and GCC 12 on ARM, may otherwise derive it
/// from the loop's index, with moves.
#if defined(__clang__) || defined(__aarch64__)
#define OCTET_PIN_STEP(pointer) asm("" : "+r"(pointer))
#else
#define OCTET_PIN_STEP(pointer)
#endif
/// Makes the value of a vector needed, whatever becomes of it.
#define OCTET_CONSUME(vector) asm volatile("" : : OCTET_VECTOR_CONSTRAINT(vector))
#if defined(__aarch64__)
#define OCTET_VECTOR_CONSTRAINT "w"
#else
#define OCTET_VECTOR_CONSTRAINT "v"
#endif
