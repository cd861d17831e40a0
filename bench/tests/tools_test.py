#!/usr/bin/env python3
"""The tools as a user calls them: tools_test.py OCTET_BENCH REPORT [OCTET_VALIDATE]"""
import csv
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

GEMM = "K, name ,N,model,M\n7,tiny,5,any,3\n\n 64,small,33,any,17\n"
CONV = ("name,N,H,W,IC,OC,R,S,strideH,strideW,padH,padW,dilH,dilW,groups\n"
        "tiny,1,4,4,8,8,3,3,1,1,1,1,1,1,1\ndepthwise,2,6,5,4,4,3,3,2,1,1,1,1,1,4\n")
POOL = """name,kind,N,H,W,C,R,S,strideH,strideW,padH,padW
m,max,1,7,8,20,3,3,2,2,1,1
a,average,2,5,5,70,5,5,1,1,0,0
"""
TRANSPOSED = ("name,N,H,W,IC,OC,R,S,strideH,strideW,padH,padW,outPadH,outPadW,groups\n"
              "tiny,1,4,4,8,8,2,2,2,2,0,0,0,0,1\nodd,2,3,5,4,6,3,4,2,3,1,0,1,2,2\n")
NETWORK = ("network,operator,count," + CONV.splitlines()[0] +
           "\nA,conv,3,tiny,1,4,4,8,8,3,3,1,1,1,1,1,1,1\nA,linear,1,fc,1,1,1,32,5,1,1,1,1,0,0,1,1,1\n"
           "B,conv,1,tiny,1,4,4,8,8,3,3,1,1,1,1,1,1,1\n")
QUANTIZE = "name,operation,rows,columns\nq,quantize,3,5\nd,dequantize,3,5\nr,requantize,3,5\n"


class Tool(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def shapes(self, text):
        path = self.folder / "shapes.csv"
        path.write_text(text)
        return f"--shapes={path}"

    def call(self, status, *command):
        run = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return run


class Validate(Tool):
    def setUp(self):
        super().setUp()
        if VALIDATE is None:
            self.skipTest("built without oneDNN")

    def test_every_isa_equals_onednn(self):
        for suite, text in (("gemm", GEMM), ("conv", CONV), ("transposed", TRANSPOSED),
                            ("network", NETWORK)):
            run = self.call(0, VALIDATE, "--suite", suite, self.shapes(text), "--isa", "all")
            self.assertRegex(run.stdout.splitlines()[-1], r"^\d+ problems, 0 differ$")
            self.assertIn("scalar", run.stdout)

    def test_two_threads(self):
        self.call(0, VALIDATE, "--suite=gemm", self.shapes(GEMM), "--threads=2")

    def test_a_limited_scalar_run_says_so(self):
        run = self.call(0, VALIDATE, "--suite=gemm", self.shapes(GEMM), "--isa=scalar",
                        "--scalar-gops=1e-8")
        self.assertIn("only the first 1 of 17 rows", run.stdout)

    def test_a_malformed_file_is_named_with_line_and_column(self):
        run = self.call(2, VALIDATE, "--suite=gemm", self.shapes("name,M,N,K\na,1,2,x\n"))
        self.assertIn("shapes.csv:2: column K: 'x' is not a whole number", run.stderr)


class BadInput(Tool):
    """Both tools read files with the same code."""

    def message(self, suite, text):
        return self.call(2, BENCH, f"--suite={suite}", self.shapes(text)).stderr

    def test_not_a_number(self):
        self.assertRegex(self.message("gemm", "name,M,N,K\na,1,2,3\nb,1,2x,3\n"),
                         r"shapes.csv:3: column N: '2x' is not a whole number")

    def test_out_of_range(self):
        for value in "0", "-1", "2147483648", "99999999999999999999", "1.5":
            self.assertIn(":2: column K:", self.message("gemm", f"name,M,N,K\na,1,2,{value}\n"))

    def test_wrong_number_of_cells(self):
        self.assertIn(":2: column K: is missing", self.message("gemm", "name,M,N,K\na,1,2\n"))
        self.assertIn(":2: column K: is followed", self.message("gemm", "name,M,N,K\na,1,2,3,4\n"))

    def test_empty_cell(self):
        self.assertIn(":2: column name: is empty", self.message("gemm", "name,M,N,K\n,1,2,3\n"))

    def test_columns(self):
        self.assertIn("no column K", self.message("gemm", "name,M,N\na,1,2\n"))
        self.assertIn("column M: stands there twice", self.message("gemm", "name,M,N,K,M\n"))

    def test_impossible_convolution(self):
        lines = CONV.splitlines()
        self.assertIn(":2: column groups: does not divide IC",
                      self.message("conv", f"{lines[0]}\n{lines[1][:-1]}3\n"))
        self.assertIn(":2: column R:", self.message(
            "conv", f"{lines[0]}\nlarge,1,4,4,8,8,7,3,1,1,1,1,1,1,1\n"))

    def test_impossible_transposed_convolution(self):
        lines = TRANSPOSED.splitlines()
        for column, cells in (("groups", "1,4,4,8,8,2,2,2,2,0,0,0,0,3"),
                              ("padH", "1,4,4,8,8,2,2,2,2,4,0,0,0,1"),
                              ("padW", "1,4,4,8,8,2,2,2,2,0,9,0,0,1")):
            self.assertIn(f":2: column {column}:",
                          self.message("transposed", f"{lines[0]}\nbad,{cells}\n"))

    def test_impossible_network(self):
        lines = NETWORK.splitlines()
        self.assertIn(":2: column operator: 'pool' is neither", self.message(
            "network", f"{lines[0]}\n{lines[1].replace('conv', 'pool')}\n"))
        self.assertIn(":2: column operator: a linear", self.message(
            "network", f"{lines[0]}\n{lines[1].replace('conv', 'linear')}\n"))
        self.assertIn(":2: column count:", self.message(
            "network", f"{lines[0]}\n{lines[1].replace(',3,tiny', ',0,tiny')}\n"))

    def test_nothing_there(self):
        self.assertIn("no line", self.message("gemm", "name,M,N,K\n"))
        self.call(2, BENCH, "--suite=gemm", f"--shapes={self.folder}/absent.csv")

    def test_command_line(self):
        self.call(2, BENCH, "--suite=gem", self.shapes(GEMM))
        self.call(2, BENCH, "--suite=gemm", self.shapes(GEMM), "--unknown=1")
        run = self.call(2, BENCH, "--suite=gemm", self.shapes(GEMM), "--isa=unknown")
        self.assertIn("unknown ISA 'unknown'", run.stderr)


class Bench(Tool):
    def bench(self, *options):
        out = self.folder / "out.json"
        self.call(0, BENCH, *options, "--benchmark_min_time=0.001", "--benchmark_repetitions=2",
                  f"--benchmark_out={out}")
        return json.loads(out.read_text()), self.call(0, REPORT, out).stdout

    def medians(self, results):
        return {run["run_name"]: run for run in results["benchmarks"]
                if run.get("aggregate_name") == "median"}

    def test_layers(self):
        for suite, text, names in (("gemm", GEMM, "tiny small"), ("conv", CONV, "tiny depthwise"),
                                   ("transposed", TRANSPOSED, "tiny odd")):
            results, table = self.bench(f"--suite={suite}", self.shapes(text))
            medians = self.medians(results)
            for name in names.split():
                run = medians[f"{suite}/octet/{name}"]
                self.assertGreater(run["ops"], 0)
                self.assertAlmostEqual(run["share_of_peak"], run["ops"] / run["peak"], delta=0.5)
                self.assertIn(name, table)
            if VALIDATE is not None:
                self.assertIn(f"{suite}/onednn/tiny", medians)
                self.assertRegex(table.splitlines()[-1], r"^Geometric mean of 2 ratios .*: [0-9.]+$")

    def test_isa_threads_filter_and_config(self):
        results, table = self.bench("--suite=gemm", self.shapes(GEMM), "--isa=scalar",
                                    "--threads=2", "--config=s8s8_s32",
                                    "--benchmark_filter=octet/small")
        self.assertEqual(list(self.medians(results)), ["gemm/octet/small"])
        self.assertEqual(results["context"]["isa"], "scalar")
        self.assertIn("gemm s8s8_s32, 2 thread(s), ISA scalar", table)

    def test_several_threads_are_compared_with_one(self):
        results, table = self.bench("--suite=gemm", self.shapes(GEMM), "--threads=2")
        self.assertIn("gemm/octet_alone/small", self.medians(results))
        self.assertIn("speed-up", table)

    def test_dynamic(self):
        shapes = self.shapes("name,B,M,N,K\none,1,7,9,33\ntwo,3,5,80,20\n")
        results, table = self.bench("--suite=dynamic", shapes)
        medians = self.medians(results)
        for shape in "one", "two":
            for layout in "row-major", "transposed":
                for caches in "warm", "cold":
                    for who in "octet", "octet_serial", "octet_prepacked":
                        run = medians[f"dynamic/{who}/{shape}/{layout}/{caches}"]
                        self.assertGreater(run["seconds"], 0)
                    self.assertRegex(table, rf"{shape} +{layout} +{caches} +[\d.]+ +[\d.]+x")

    def test_networks_are_the_sums_of_their_layers(self):
        results, table = self.bench("--suite=network", self.shapes(NETWORK))
        medians = self.medians(results)
        seconds = sum(count * medians[f"network/octet/A/{name}"]["seconds"]
                      for name, count in (("tiny", 3), ("fc", 1)))
        for line, layers in ("A", 4), ("B", 1):
            self.assertRegex(table, rf"(?m)^{line} +{layers} +[\d.]+ +")
        self.assertIn(f" {seconds * 1e3:.3f} ", table)

    def test_the_networks_are_complete(self):
        """Layers and products of the published architectures."""
        found = {}
        for layer in csv.DictReader((REPORT.parent / "shapes/network.csv").read_text().splitlines()):
            size = {name: int(value) for name, value in layer.items()
                    if name not in ("network", "name", "operator")}
            pixels = [(size[image] + 2 * size[f"pad{image}"] - size[kernel]) // size[f"stride{image}"] + 1
                      for image, kernel in (("H", "R"), ("W", "S"))]
            products = (pixels[0] * pixels[1] * size["OC"] * size["R"] * size["S"] *
                        size["IC"] // size["groups"])
            layers, total = found.get(layer["network"], (0, 0))
            found[layer["network"]] = (layers + size["count"], total + size["count"] * products)
        self.assertEqual(found, {"ResNet-50": (54, 4_089_184_256), "MobileNetV2": (53, 300_774_272),
                                 "MobileNetV3-Large": (64, 216_589_760)})

    def test_readme(self):
        self.bench("--suite=gemm", self.shapes(GEMM))
        readme = self.folder / "README.md"
        mark = "<!-- {} of benchmark tables -->"
        readme.write_text(f"before\n{mark.format('begin')}\nold\n{mark.format('end')}\nafter\n")
        for _ in range(2):  # the second time it finds its own text
            self.call(0, REPORT, f"--readme={readme}", self.folder / "out.json")
        text = readme.read_text()
        self.assertNotIn("old", text)
        self.assertEqual(text.count("| tiny "), 1)
        self.assertRegex(text, r"(?s)^before\n<!--.*small.*-->\nafter\n$")
        readme.write_text("no markers\n")
        self.call(1, REPORT, f"--readme={readme}", self.folder / "out.json")
        self.assertEqual(readme.read_text(), "no markers\n")

    def test_conversions(self):
        results, _ = self.bench("--suite=quantize", self.shapes(QUANTIZE))
        self.assertEqual(list(self.medians(results)),
                         ["quantize/octet/q", "quantize/octet/d", "quantize/octet/r"])

    def test_pooling(self):
        results, _ = self.bench("--suite=pool", self.shapes(POOL))
        self.assertLessEqual({"pool/octet/m", "pool/octet/a"}, set(self.medians(results)))


if __name__ == "__main__":
    BENCH, REPORT, VALIDATE = (sys.argv[1:] + [None])[:3]
    REPORT = pathlib.Path(REPORT)
    unittest.main(argv=sys.argv[:1])
