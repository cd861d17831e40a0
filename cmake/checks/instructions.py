#!/usr/bin/env python3
"""Counts the instructions that each operator executes, epilogue, tails and packing included.

    instructions.py --compiler=HOST_COMPILER PROGRAM EMULATOR...

Runs PROGRAM (octet_cost) under QEMU with a plugin that counts, once and three times, for every ISA
and case; half of the difference is one run. Prints instructions per multiply-accumulate and fails
where they exceed MOST: a tenth above the larger of GCC 12's and Clang 19's when it was written. Lower
MOST with the figures.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ISAS = ["neon_i8mm", "neon_dotprod", "neon"]
MOST = {
    "gemm 48x768x768 u8":                (0.0609, 0.116, 0.405),
    "gemm 48x768x768 s8":                (0.0609, 0.0922, 0.388),
    "gemm 64x64x64":                     (0.14, 0.185, 0.468),
    "gemm 37x65x129":                    (0.129, 0.183, 0.498),
    "gemm 16x16x16":                     (0.688, 0.706, 0.936),
    "gemm 1x512x512":                    (0.216, 0.245, 0.595),
    "gemm 1x4096x4096":                  (0.17, 0.196, 0.54),
    "one-shot gemm 48x256x256":          (0.126, 0.165, 0.46),
    "3x3, 64 to 64 channels, 14x14":     (0.0703, 0.119, 0.395),
    "1x1, 32 to 64 channels, 14x14":     (0.217, 0.262, 0.538),
    "3x3s2, 3 to 32 channels, 32x32":    (0.365, 0.389, 0.67),
    "depthwise 3x3, 64 channels, 14x14": (0.755, 0.754, 1.09),
    "quantize 4096":                     (9.58, 9.59, 9.6),
}


def instructions(emulator, plugin, program, isa, case, runs):
    command = [*emulator, "-cpu", "max,sve=off,sme=off", "-plugin", plugin, program, case, str(runs)]
    result = subprocess.run(command, check=True, capture_output=True, text=True,
                            env={**os.environ, "OCTET_MAX_ISA": isa})
    return int(re.search(r"instructions: (\d+)", result.stderr)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compiler", required=True)
    parser.add_argument("program")
    parser.add_argument("emulator", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    listed = subprocess.run([*arguments.emulator, arguments.program], check=True,
                            capture_output=True, text=True).stdout
    cases = [line.split(" ", 1) for line in listed.splitlines()]
    passed = True
    with tempfile.TemporaryDirectory() as folder:
        plugin = pathlib.Path(folder, "count_instructions.so")
        source = pathlib.Path(__file__).with_name("count_instructions.cpp")
        subprocess.run([arguments.compiler, "-shared", "-fPIC", "-O2", "-o", plugin, source], check=True)
        print("Instructions per multiply-accumulate (quantize: per element)")
        print(f"{'':35}" + "".join(f"{isa:>14}" for isa in ISAS))
        for work, case in cases:
            figures = []
            for isa in ISAS:
                once, thrice = (instructions(arguments.emulator, plugin, arguments.program, isa, case, runs)
                                for runs in (1, 3))
                figures.append((thrice - once) / 2 / float(work))
            most = MOST.get(case, [])
            bad = [isa for isa, figure, limit in zip(ISAS, figures, most) if figure > limit]
            print(f"{case:35}" + "".join(f"{figure:14.4f}" for figure in figures)
                  + (f"  FAILED: {', '.join(bad)}" if bad or len(most) != len(ISAS) else ""))
            passed = passed and not bad and len(most) == len(ISAS)
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
