#!/usr/bin/env python3
"""Models the speed of the main tiles on ARM cores that are not at hand.

    peak.py --mca=LLVM_MCA [--objdump=PROGRAM] OBJECT...

Takes from each object file (one per ISA, named <isa>.cpp.o) the dot-product loop of the largest
plain tile, lets llvm-mca schedule it for each core, and compares with a loop of as many independent
dot products and nothing else. Fails below the least percentage of LEAST. It is a model: of the
pipes and their queues, with every load a hit in the first cache.
"""
import argparse
import pathlib
import re
import subprocess
import sys

import codegen

# {ISA: {what the tile's fourth argument says of its rows: {core: percent}}}. neon_i8mm puts rows in
# pairs for all panels but the first; what the first does so with has four accesses of memory for 16
# bytes, and V1 three a cycle (V1's model, unlike V2's, has two loads in a pair of registers).
ALL = {"neoverse-n1": 98, "neoverse-n2": 98, "neoverse-v1": 98, "neoverse-v2": 98}
LEAST = {"neon_dotprod": {"false": ("as they are", ALL), "true": ("flipped", ALL)},
         "neon_i8mm": {"true": ("in pairs", {core: 98 for core in ALL if core != "neoverse-n1"}),
                       "false": ("being paired", {"neoverse-n2": 98, "neoverse-v1": 88,
                                                  "neoverse-v2": 98})}}
ITERATIONS = 200


def largest_tile_loops(disassembly):
    """{rows: Loop}: the main loops of the tile<Simd, height, vectors, rows, TileWork::kNone> (or
    matrix_tile<Simd, height, vectors, rows>) that has the most sums."""
    best = {}
    for loop in codegen.dot_loops(disassembly):
        found = re.fullmatch(r"(?:matrix_)?tile<Simd, (\d+), (\d+), (true|false)(?:, 0)?>",
                             codegen.without_parameters(loop.function))
        if found:
            size = (int(found[1]) * int(found[2]), loop.dots)
            if size > best.get(found[3], ((0, 0), None))[0]:
                best[found[3]] = (size, loop)
    return {rows: loop for rows, (_, loop) in best.items()}


def as_assembly(instructions):
    """Text that llvm-mca reads. An address that is advanced by its load becomes an addition of its
    own: several models make the new address wait for the loaded value, which no core does."""
    lines = [".arch armv8.6-a", "loop:"]
    for i in instructions:
        operands = re.sub(r"\s*(//.*|<.*>.*)$", "", i.operands)
        if codegen.AArch64.branch.fullmatch(i.mnemonic):
            operands = re.sub(r"[0-9a-f]+$", "loop", operands)
        if post := re.fullmatch(r"(.*\[(\w+)\]), (#-?\w+)", operands):
            lines += [f"{i.mnemonic} {post[1]}", f"add {post[2]}, {post[2]}, {post[3]}"]
        else:
            lines.append(f"{i.mnemonic} {operands}")
    return "\n".join(lines) + "\n"


def cycles(mca, core, assembly):
    """Of one iteration, in a long run."""
    report = subprocess.run(
        [mca, "-mtriple=aarch64", f"-mcpu={core}", f"-iterations={ITERATIONS}"],
        input=assembly, check=True, capture_output=True, text=True).stdout
    return int(re.search(r"Total Cycles:\s+(\d+)", report)[1]) / ITERATIONS


def share_of_peak(mca, core, loop):
    dots = [i for i in loop.body if codegen.AArch64.dot.fullmatch(i.mnemonic)]
    mnemonic = dots[0].mnemonic
    operands = dots[0].operands.split(", ", 1)[1]
    peak = [codegen.Instruction(0, mnemonic, f"v{n}.4s, " + re.sub(r"v\d+", "v31", operands))
            for n in range(24)]
    rate = len(peak) / cycles(mca, core, as_assembly(peak))
    return 100.0 * len(dots) / cycles(mca, core, as_assembly(loop.body)) / rate


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("objects", nargs="+", type=pathlib.Path)
    parser.add_argument("--mca", required=True)
    parser.add_argument("--objdump", default="objdump")
    arguments = parser.parse_args()
    passed = True
    print("Share of the dot pipes' peak, modelled by llvm-mca, in percent")
    for path in arguments.objects:
        isa = path.name.split(".")[0]
        if isa not in LEAST:
            continue
        loops = largest_tile_loops(codegen.disassemble(arguments.objdump, path))
        passed = passed and set(loops) == set(LEAST[isa])
        for rows, loop in sorted(loops.items()):
            name, least = LEAST[isa][rows]
            shares = {core: share_of_peak(arguments.mca, core, loop) for core in least}
            bad = any(shares[core] < least[core] for core in least)
            print(f"{isa} {codegen.without_parameters(loop.function)}, rows {name}: {loop.dots} dots, "
                  + ", ".join(f"{core} {share:.1f}" for core, share in shares.items())
                  + (": FAILED" if bad else ""))
            passed = passed and not bad
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
