// Fashion-MNIST in 8 bits: reads a float network, quantizes it on training images, runs all test
// images through octet, and compares accuracy and speed with float32 and with oneDNN.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include "dataset.hpp"
#include "float_model.hpp"
#include "invariance.hpp"
#include "octet_network.hpp"
#include "onednn_network.hpp"
#include "picture.hpp"
#include "quantization.hpp"
#include "speed.hpp"

namespace fashion_mnist {
namespace {

constexpr std::int64_t kBatch = 100;
constexpr std::int64_t kCalibrationImages = 1000;
constexpr double kAllowedDrop = 0.3;  // of the accuracy, in percentage points
constexpr int kSkipped = 77;          // "not run", for CTest

struct Options {
  std::string data = "/usr/share/datasets/fashion-mnist";
  std::string weights = FASHION_MNIST_WEIGHTS;
  std::string picture = "fashion_mnist.png";
  std::int64_t images = 10'000;
  std::vector<int> threads = {1, 2};
};

/// The test images with all that is computed from them once.
struct Experiment {
  FloatModel model;
  QuantizedModel quantized;
  Dataset test;
  std::vector<float> images;                     ///< `test.pixels`, normalised.
  std::vector<float> logits;                     ///< Of octet, on its best ISA.
  std::int64_t float_right = 0, int8_right = 0;  ///< Right predictions: plain loops, octet.

  double percent(std::int64_t right) const {
    return 100 * static_cast<double>(right) / static_cast<double>(test.size());
  }
  /// What int8 wins, in percentage points: mostly less than 0.
  double gain() const { return percent(int8_right - float_right); }
};

Experiment prepare(const Options& options) {
  Experiment e;
  e.model = load_model(options.weights);
  e.test = read_dataset(options.data, "t10k", options.images);
  e.images = normalise(e.test.pixels);
  const Dataset calibration = read_dataset(options.data, "train", kCalibrationImages);
  e.quantized = quantize_model(e.model, normalise(calibration.pixels));
  std::printf(
      "Fashion-MNIST, %lld test images\n"
      "  network     3x3 convolution to 32 channels, ReLU, 2x2 max pool, dense to 10\n"
      "  quantized   on %lld training images: input (u8 - %d) * %.5f, hidden (u8 - %d) * %.5f\n",
      static_cast<long long>(e.test.size()), static_cast<long long>(calibration.size()),
      e.quantized.input.zero_point, static_cast<double>(e.quantized.input.scale),
      e.quantized.hidden.zero_point, static_cast<double>(e.quantized.hidden.scale));
  return e;
}

void measure_accuracy(Experiment& e) {
  std::puts("\nAccuracy");
  const auto print = [&](const std::string& name, std::span<const float> logits) {
    const std::int64_t right = count_right(logits, e.test.labels);
    std::printf("  %-24s %6.2f %%\n", name.c_str(), e.percent(right));
    return right;
  };
  PlainFloatNetwork plain(e.model);
  e.float_right = print("float32, plain loops", run_batches(plain, e.images, kBatch));
  const std::string onednn = "oneDNN " + onednn_version();
  if (const auto network = make_onednn_float(e.model, 1))
    print("float32, " + onednn, run_batches(*network, e.images, kBatch));
  if (const auto network = make_onednn_int8(e.quantized, 1))
    print("int8, " + onednn, run_batches(*network, e.images, kBatch));
  OctetNetwork octet_network(e.quantized, {}, 1);
  e.logits = run_batches(octet_network, e.images, kBatch);
  e.int8_right = print("int8, octet", e.logits);
  std::printf("  int8 less float32        %+6.2f points; %+.1f allowed\n", e.gain(), -kAllowedDrop);
}

void compare_speed(const Experiment& e, std::span<const int> thread_counts) {
  std::printf("\nImages per second, in batches of %lld, from float32 images to float32 logits\n",
              static_cast<long long>(kBatch));
  if (onednn_version().empty()) std::puts("  built without oneDNN, so nothing to compare with");
  for (const int threads : thread_counts) {
    OctetNetwork octet_int8(e.quantized, {}, threads);
    const auto onednn_int8 = make_onednn_int8(e.quantized, threads);
    const auto onednn_float = make_onednn_float(e.model, threads);
    std::vector<Contender> contenders = {{"octet int8", &octet_int8}};
    if (onednn_int8) contenders.push_back({"oneDNN int8", onednn_int8.get()});
    if (onednn_float) contenders.push_back({"oneDNN float32", onednn_float.get()});
    measure_speed(contenders, e.images, kBatch);
    for (const Contender& contender : contenders) {
      std::printf("  %2d thread%s %-15s %9.0f\n", threads, threads == 1 ? " " : "s",
                  contender.name.c_str(), contender.images_per_second);
    }
  }
}

void draw(const Experiment& e, const std::string& path) {
  char headline[160];
  std::snprintf(headline, sizeof(headline),
                "Of %lld test images float32 gets %.2f %% right, int8 %.2f %%. "
                "Green: right. Red: wrong, with the right class.",
                static_cast<long long>(e.test.size()), e.percent(e.float_right),
                e.percent(e.int8_right));
  write_picture(path, headline, e.test, e.logits);
  std::printf("\nPicture: %s\n", path.c_str());
}

int run(const Options& options) {
  for (const char* part : {"train", "t10k"}) {
    if (has_dataset(options.data, part)) continue;
    std::printf("Skipped: Fashion-MNIST is not in %s. On Debian: apt-get install %s\n",
                options.data.c_str(), "dataset-fashion-mnist");
    return kSkipped;
  }
  Experiment e = prepare(options);
  measure_accuracy(e);
  std::puts("\nEvery ISA, number of threads and batch size, byte for byte");
  const bool same = same_everywhere(e.quantized, e.images, e.logits, options.threads);
  compare_speed(e, options.threads);
  draw(e, options.picture);

  const bool accurate = e.gain() >= -kAllowedDrop;
  if (!accurate) std::puts("FAILED: int8 loses too much accuracy");
  if (!same) std::puts("FAILED: results depend on the ISA, the threads or the batch size");
  return accurate && same ? 0 : 1;
}

}  // namespace
}  // namespace fashion_mnist

int main(int argc, char** argv) {
  fashion_mnist::Options options;
  CLI::App app("Fashion-MNIST in 8 bits on octet, compared with float32 and with oneDNN.");
  app.option_defaults()->always_capture_default();
  app.add_option("--data", options.data, "Folder with the four IDX files");
  app.add_option("--weights", options.weights, "Float32 network, safetensors");
  app.add_option("--picture", options.picture, "PNG file to write");
  app.add_option("--images", options.images, "Test images to use")->check(CLI::Range(1, 10'000));
  app.add_option("--threads", options.threads, "Numbers of threads")->check(CLI::Range(1, 1024));
  CLI11_PARSE(app, argc, argv);
  try {
    return fashion_mnist::run(options);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
