#!/usr/bin/env python3
"""Tests codegen.py on small assembly functions: codegen_test.py X86_COMPILER OBJDUMP"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

import codegen
import peak

COMPILER, OBJDUMP = "c++", "objdump"

GOOD_LOOP = """
1:  vmovdqu64 (%rsi), %zmm2
    vpbroadcastd (%rdi,%rax), %zmm1
    vpdpbusd %zmm2, %zmm1, %zmm0
    add $4, %rax
    cmp %rdx, %rax
    jb 1b
    ret
"""


def loops_of(text, prologue=""):
    """The dot loops of a function `f` with this x86-64 body."""
    with tempfile.TemporaryDirectory() as folder:
        source, binary = pathlib.Path(folder, "f.s"), pathlib.Path(folder, "f.o")
        source.write_text(f".globl f\n.type f, @function\nf:\n{prologue}{text}")
        subprocess.run([COMPILER, "-c", "-o", binary, source], check=True)
        disassembly = subprocess.run([OBJDUMP, "-d", "-C", "--no-show-raw-insn", binary],
                                     check=True, capture_output=True, text=True).stdout
    return list(codegen.dot_loops(disassembly))


def faults_of(text, prologue=""):
    (loop,) = loops_of(text, prologue)
    return [what for what, _ in loop.faults]


class Codegen(unittest.TestCase):
    def test_good_loop_is_counted_and_passes(self):
        (loop,) = loops_of(GOOD_LOOP)
        self.assertEqual((len(loop.body), loop.dots, loop.loads, loop.faults), (6, 1, 2, []))
        self.assertTrue(codegen.report("avx512_vnni", [loop], verbose=False))

    def test_vex_encoded_dot_is_seen(self):
        (loop,) = loops_of("1: {vex} vpdpbusd (%rsi), %ymm1, %ymm0\n dec %rax\n jne 1b\n")
        self.assertEqual(loop.dots, 1)

    def test_spill_fails(self):
        spill = GOOD_LOOP.replace("add", "vmovdqu64 %zmm0, 64(%rsp)\n add")
        self.assertEqual(faults_of(spill), ["stack reference"])

    def test_spill_in_the_operand_of_a_dot_fails(self):
        spill = GOOD_LOOP.replace("vpdpbusd %zmm2", "vpdpbusd 64(%rsp)")
        self.assertEqual(faults_of(spill), ["stack reference"])

    def test_rbp_is_the_stack_only_in_a_function_with_a_frame(self):
        loop = GOOD_LOOP.replace("(%rsi)", "(%rbp)")
        self.assertEqual(faults_of(loop), [])
        self.assertEqual(faults_of(loop, "push %rbp\n mov %rsp, %rbp\n"), ["stack reference"])

    def test_vector_move_fails(self):
        self.assertEqual(faults_of(GOOD_LOOP.replace("add", "vmovdqa64 %zmm0, %zmm3\n add")),
                         ["vector move"])

    def test_general_move_fails_but_a_transfer_does_not(self):
        self.assertEqual(faults_of(GOOD_LOOP.replace("add", "mov %rax, %rcx\n add")),
                         ["general move"])
        self.assertEqual(faults_of(GOOD_LOOP.replace("add", "vmovq %rcx, %xmm3\n add")), [])

    def test_only_the_innermost_loop_is_held(self):
        nested = "2: vmovdqu64 %zmm0, 64(%rsp)" + GOOD_LOOP.replace("ret", "dec %rcx\n jne 2b\n ret")
        self.assertEqual(faults_of(nested), [])

    def test_what_stands_between_but_is_not_in_the_loop_does_not_count(self):
        split = ("""
1:  vpdpbusd (%rdi,%rax), %zmm1, %zmm0
    add $4, %rax
    cmp %rdx, %rax
    jne 2f
    vmovdqu64 %zmm0, 64(%rsp)
    ret
2:  test %rcx, %rcx
    jne 1b
    ret
""")
        self.assertEqual(faults_of(split), [])

    def test_loop_entered_at_its_condition_is_seen(self):
        self.assertEqual(faults_of("jmp 2f\n1: vpdpbusd (%rsp), %zmm1, %zmm0\n2: dec %rax\n jne 1b\n"),
                         ["stack reference"])

    def test_two_ways_back_to_one_start_are_one_loop(self):
        twice = GOOD_LOOP.replace("add", "test %rcx, %rcx\n je 1b\n vmovdqu64 %zmm0, (%rsp)\n add")
        self.assertEqual(faults_of(twice), ["stack reference"])

    def test_isa_without_dot_loop_fails_unless_it_is_scalar(self):
        self.assertFalse(codegen.report("avx2", loops_of("ret\n"), verbose=False))
        self.assertTrue(codegen.report("scalar", [], verbose=False))

    def test_aarch64(self):
        (loop,) = codegen.dot_loops("""
f.o:     file format elf64-littleaarch64

0000000000000000 <f>:
   0:\tldr\tq1, [x1], #16
   4:\tsdot\tv0.4s, v1.16b, v2.4b[0]
   8:\tmov\tv3.16b, v0.16b
   c:\tstr\tq0, [sp, #16]
  10:\tcmp\tx1, x2
  14:\tb.ne\t0 <f>  // b.any
  18:\tret
""")
        self.assertEqual([what for what, _ in loop.faults], ["vector move", "stack reference"])
        self.assertEqual((loop.dots, loop.loads), (1, 1))

    def test_largest_plain_tile_is_modelled_with_advanced_addresses_apart(self):
        tile = """
{:016x} <void tile<Simd, {}, 4, {}, (octet::TileWork){}>(TileArgs const&)>:
   0:\tldr\tq1, [x1], #16
   4:\tsdot\tv0.4s, v1.16b, v2.4b[0]
   8:\tb.ne\t0 <tile>  // b.any
"""
        text = "f.o:     file format elf64-littleaarch64\n" + "".join(
            tile.format(0, *which) for which in ((5, "false", 0), (6, "false", 0),
                                                 (6, "true", 0), (7, "false", 1)))
        loops = peak.largest_tile_loops(text)
        self.assertEqual({flip: codegen.without_parameters(loop.function)
                          for flip, loop in loops.items()},
                         {"false": "tile<Simd, 6, 4, false, 0>",
                          "true": "tile<Simd, 6, 4, true, 0>"})
        self.assertEqual(peak.as_assembly(loops["false"].body).splitlines()[2:],
                         ["ldr q1, [x1]", "add x1, x1, #16", "sdot v0.4s, v1.16b, v2.4b[0]",
                          "b.ne loop"])


if __name__ == "__main__":
    COMPILER, OBJDUMP = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
