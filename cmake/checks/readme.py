#!/usr/bin/env python3
"""The README's examples are programs that work: readme.py README COMPILE_COMMAND...

Every C++ block whose opening fence follows the line `<!-- compiles -->` is compiled by
COMPILE_COMMAND, in which {source} and {program} are replaced, and the program must exit with 0.
"""
import pathlib
import re
import subprocess
import sys
import tempfile


def main():
    readme, command = pathlib.Path(sys.argv[1]), sys.argv[2:]
    text = readme.read_text()
    blocks = list(re.finditer(r"^<!-- compiles -->\n```cpp\n(.*?)^```$", text, re.M | re.S))
    failed = 0
    for block in blocks:
        line = text.count("\n", 0, block.start(1)) + 1
        with tempfile.TemporaryDirectory() as folder:
            source, program = pathlib.Path(folder, "readme.cpp"), pathlib.Path(folder, "readme")
            source.write_text(f'#line {line} "{readme.name}"\n{block[1]}')
            places = {"source": source, "program": program}
            built = subprocess.run([part.format(**places) for part in command])
            passed = built.returncode == 0 and subprocess.run([program]).returncode == 0
        print(f"{readme.name}:{line}: {'ok' if passed else 'FAILED'}")
        failed += not passed
    if not blocks:
        print("there is no block marked <!-- compiles -->")
    sys.exit(1 if failed or not blocks else 0)


if __name__ == "__main__":
    main()
