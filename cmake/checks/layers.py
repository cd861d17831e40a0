#!/usr/bin/env python3
"""Holds the include rule: layers.py SOURCE_DIR

Each folder includes only what stands beside it in RULES; a rule is matched against the whole of
what is between the quotes or brackets.
"""
import pathlib
import re
import sys

# What is in the standard library but gives an ISA file no out-of-line function, so nothing that
# the linker could pick for another CPU.
PLAIN = r"<(cstddef|cstdint|cstring|type_traits|utility|bit|limits)>"
INTRINSICS = r"<(immintrin\.h|arm_neon\.h|xsimd/.+)>"
ANY_SYSTEM = r"<[^>]+>"

# The first folder or file that a path begins with decides.
RULES = {
    "include/octet": [ANY_SYSTEM, r'"octet/.+"'],
    "src/kernels/kernel.hpp": [PLAIN, r'"octet/.+"', r'"kernels/\w+_args\.hpp"'],
    **{f"src/kernels/{part}_args.hpp": [PLAIN, r'"octet/.+"', r'"kernels/tile_args\.hpp"']
       for part in ("tile", "element", "depthwise")},
    "src/kernels": [PLAIN, INTRINSICS, r'"kernels/(kernel\.hpp|[\w/]+\.inl\.hpp)"'],
    "src/dispatch": [ANY_SYSTEM, r'"octet/.+"', r'"dispatch/.+"', r'"kernels/kernel\.hpp"',
                     r'"octet_isas\.inc"'],
    "src/operators": [ANY_SYSTEM, r'"octet/.+"', r'"dispatch/.+"', r'"operators/.+"'],
}


def main():
    root = pathlib.Path(sys.argv[1])
    files = [path for folder in ("include", "src") for path in sorted((root / folder).rglob("*.?pp"))]
    faults = []
    for path in files:
        name = path.relative_to(root).as_posix()
        allowed = next((rule for prefix, rule in RULES.items() if name.startswith(prefix)), None)
        if allowed is None:
            faults.append(f"{name}: belongs to no layer; see {sys.argv[0]}")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = re.match(r'\s*#\s*include\s*(<[^>]+>|"[^"]+")', line)
            if found and not any(re.fullmatch(rule, found[1]) for rule in allowed):
                faults.append(f"{name}:{number}: may not include {found[1]}")
    print("\n".join(faults + [f"{len(files)} files, {len(faults)} faults"]))
    sys.exit(1 if faults or not files else 0)


if __name__ == "__main__":
    main()
