#!/usr/bin/env python3
"""Holds the rule that lets one program carry code for many CPUs: an ISA's object file gives the
linker its table and nothing else.

    symbols.py [--nm=PROGRAM] [--objdump=PROGRAM] OBJECT...

A weak function in such a file was compiled with that ISA's flags, and the linker may pick it for
the whole program; a static initialiser would run on every CPU. Both end in an illegal instruction.
"""
import argparse
import pathlib
import subprocess
import sys


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def faults_of(path, nm, objdump):
    table = f"octet::{path.name.split('.')[0]}::kTable"
    defined = [line.split(maxsplit=2)[1:] for line in
               output_of(nm, "-C", "--defined-only", "--extern-only", path).splitlines()]
    for kind, name in defined:
        if name != table:
            weak = "weak symbol" if kind in "vVwWu" else "global symbol"
            yield f"{weak}: {name}"
    if table not in [name for _, name in defined]:
        yield f"there is no {table}"
    for line in output_of(objdump, "-h", path).splitlines():
        section = next(iter(line.split()[1:2]), "")
        if section.startswith((".init_array", ".ctors", ".preinit_array", ".text.startup")):
            yield f"static initialiser: section {section}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("objects", nargs="+", type=pathlib.Path)
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--objdump", default="objdump")
    arguments = parser.parse_args()
    passed = True
    for path in arguments.objects:
        faults = list(faults_of(path, arguments.nm, arguments.objdump))
        print(f"{path.name}: " + (f"FAILED, {len(faults)} faults" if faults else "its table alone"))
        for fault in faults:
            print(f"  {fault}")
        passed = passed and not faults
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
