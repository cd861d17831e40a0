#!/usr/bin/env python3
"""Holds the speed of the kernels: what the compiler made of their dot-product loops.

    codegen.py [--objdump=PROGRAM] [--verbose] OBJECT...

Disassembles each object file (one per ISA, named <isa>.cpp.o), finds every innermost loop that
holds a dot product, and fails if such a loop
  - refers to the stack: a sum or a pointer was spilled, or
  - moves one register to another: the compiler ran out of registers or renamed a sum,
or if an object, other than scalar's, holds no such loop at all.
"""
import argparse
import collections
import pathlib
import re
import subprocess
import sys

Instruction = collections.namedtuple("Instruction", "address mnemonic operands")
Loop = collections.namedtuple("Loop", "function body dots loads faults")

WITHOUT_DOTS = {"scalar"}  # ISAs whose loops are not held to anything


class X86:
    dot = re.compile(r"vpdpbusds?|vpdpb[su]{2}ds?|vpmaddwd|vpmaddubsw")
    branch = re.compile(r"j[a-z]+")
    never_continues = re.compile(r"jmp|ret|ud2")
    move = re.compile(r"v?mov(aps|apd|ups|upd|dqa|dqu|dqa\d+|dqu\d+|[lq])?")
    vector = re.compile(r"%[xyz]mm\d+")
    general = re.compile(r"%[er]\w+")
    frame_set_up = ("mov", "%rsp,%rbp")

    @staticmethod
    def is_load(instruction):
        return "(" in instruction.operands and not instruction.mnemonic.startswith("lea")

    @staticmethod
    def uses_stack(instruction, has_frame):
        bases = r"\((%rsp|%rbp)" if has_frame else r"\(%rsp"
        return re.search(bases, instruction.operands)


class AArch64:
    dot = re.compile(r"[su]dot|usdot|sudot|[su]mmla|usmmla|[su]mlal2?|[su]adalp")
    branch = re.compile(r"b|b\.[a-z]+|cbn?z|tbn?z")
    never_continues = re.compile(r"b|br|ret|udf|brk")
    move = re.compile(r"f?mov")
    vector = re.compile(r"[vqds]\d+(\.\d+[bhsd])?")
    general = re.compile(r"[xw]\d+")
    frame_set_up = ("mov", "x29, sp")

    @staticmethod
    def is_load(instruction):
        return instruction.mnemonic.startswith("ld")

    @staticmethod
    def uses_stack(instruction, has_frame):
        return re.search(r"\[(sp|x29)\b" if has_frame else r"\[sp\b", instruction.operands)


def disassemble(objdump, path):
    return subprocess.run([objdump, "-d", "-C", "--no-show-raw-insn", path],
                          check=True, capture_output=True, text=True).stdout


def functions(disassembly):
    """Yields (name, instructions) for each function that objdump -d printed."""
    name, body = None, []
    for line in disassembly.splitlines():
        if header := re.fullmatch(r"[0-9a-f]+ <(.+)>:", line):
            if body:
                yield name, body
            name, body = header[1], []
        elif found := re.fullmatch(r"\s*([0-9a-f]+):\t(?:\{\w+\} )?(\S+)\s*(.*)", line):
            body.append(Instruction(int(found[1], 16), found[2], found[3]))
    if body:
        yield name, body


def ends_block(i, machine):
    return machine.branch.fullmatch(i.mnemonic) or machine.never_continues.fullmatch(i.mnemonic)


def basic_blocks(body, machine):
    """Splits a function at its branches and their targets: ({start: instructions}, {start: set of
    the starts that control may go to next})."""
    addresses = {i.address for i in body}
    target_of = {}  # address of a branch inside the function: where it goes
    for i in body:
        target = re.search(r"([0-9a-f]+) <", i.operands)
        if target and machine.branch.fullmatch(i.mnemonic) and int(target[1], 16) in addresses:
            target_of[i.address] = int(target[1], 16)

    blocks, block = {}, None
    for previous, i in zip([None, *body], body):
        if previous is None or i.address in target_of.values() or ends_block(previous, machine):
            blocks[i.address] = block = []
        block.append(i)

    starts = list(blocks)
    following = dict(zip(starts, starts[1:]))
    successors = {}
    for start, block in blocks.items():
        last = block[-1]
        successors[start] = {target_of[last.address]} if last.address in target_of else set()
        if start in following and not machine.never_continues.fullmatch(last.mnemonic):
            successors[start].add(following[start])
    return blocks, successors


def innermost_loops(body, machine):
    """Yields the instructions of each natural loop that holds no other loop."""
    blocks, successors = basic_blocks(body, machine)
    predecessors = {start: {s for s in blocks if start in successors[s]} for start in blocks}
    entries = {body[0].address} | {start for start in blocks if not predecessors[start]}

    loops = {}  # first block of a loop: all its blocks
    for latch in blocks:
        for header in successors[latch]:
            members, pending = {header}, [latch]
            while pending:
                block = pending.pop()
                if block not in members:
                    members.add(block)
                    pending.extend(predecessors[block])
            if not members & (entries - {header}):  # the header is the only way in
                loops.setdefault(header, set()).update(members)
    for header, members in loops.items():
        if not any(other in members for other in loops if other != header):
            yield [i for start in sorted(members) for i in blocks[start]]


def move_fault(instruction, machine):
    """Names a copy inside one register file; a transfer to the other one is work, not a symptom."""
    operands = [operand.strip() for operand in instruction.operands.split(",")]
    if machine.move.fullmatch(instruction.mnemonic) and len(operands) == 2:
        if all(machine.vector.fullmatch(operand) for operand in operands):
            return "vector move"
        if all(machine.general.fullmatch(operand) for operand in operands):
            return "general move"
    return None


def faults_of(loop, machine, has_frame):
    """(what, instruction) for everything that a dot loop should not hold."""
    for instruction in loop:
        if machine.uses_stack(instruction, has_frame):
            yield "stack reference", instruction
        elif move := move_fault(instruction, machine):
            yield move, instruction


def dot_loops(disassembly):
    """Every innermost loop that holds a dot product, with what is wrong with it."""
    machine = AArch64 if "file format elf64-littleaarch64" in disassembly else X86
    for name, body in functions(disassembly):
        has_frame = any(i[1:] == machine.frame_set_up for i in body)
        for loop in innermost_loops(body, machine):
            dots = sum(bool(machine.dot.fullmatch(i.mnemonic)) for i in loop)
            if dots == 0:
                continue
            loads = sum(machine.is_load(i) for i in loop)
            yield Loop(name, loop, dots, loads, list(faults_of(loop, machine, has_frame)))


def without_parameters(function):
    """`void tile<Simd, 6, 4>(Args const&)` becomes `tile<Simd, 6, 4>`, its namespaces dropped."""
    name = function.replace("(anonymous namespace)::", "")
    name = re.sub(r"\(octet::\w+\)", "", name)  # of an enumerator
    name = re.sub(r"octet::\w+::", "", name)
    return re.sub(r"\(.*", "", name).removeprefix("void ")


def report(isa, loops, verbose):
    """Prints one line for the ISA and one per fault; returns whether the ISA passes."""
    if not loops:
        needed = isa not in WITHOUT_DOTS
        print(f"{isa:14} no loop holds a dot product" + (": FAILED" if needed else ", as expected"))
        return not needed
    bad = [loop for loop in loops if loop.faults]
    per_dot = [len(loop.body) / loop.dots for loop in loops]
    print(f"{isa:14} {len(loops)} dot loops, {min(per_dot):.2f} to {max(per_dot):.2f} instructions "
          f"per dot product, {len(bad)} with faults" + (": FAILED" if bad else ""))
    for loop in loops if verbose else bad:
        kinds = collections.Counter(what for what, _ in loop.faults)
        print(f"  {without_parameters(loop.function)} at {loop.body[0].address:x}: "
              f"{len(loop.body)} instructions, {loop.dots} dots, {loop.loads} loads"
              + "".join(f", {count} x {what}" for what, count in kinds.items()))
        for what, instruction in loop.faults if verbose else []:
            print(f"    {what} at {instruction.address:x}: "
                  f"{instruction.mnemonic} {instruction.operands}")
    return not bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("objects", nargs="+", type=pathlib.Path)
    parser.add_argument("--objdump", default="objdump")
    parser.add_argument("--verbose", action="store_true", help="list every loop, and every faulty instruction")
    arguments = parser.parse_args()
    passed = True
    for path in arguments.objects:
        disassembly = disassemble(arguments.objdump, path)
        isa = path.name.split(".")[0]
        passed = report(isa, list(dot_loops(disassembly)), arguments.verbose) and passed
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
