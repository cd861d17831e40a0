/// The same network on oneDNN, in 8 bits and in float32: what octet is compared with.
#pragma once

#include <memory>
#include <string>

#include "float_model.hpp"
#include "network.hpp"
#include "quantization.hpp"

namespace fashion_mnist {

/// Of the oneDNN in this program, "3.6.2"; empty if it was built without, and then both networks
/// are null.
std::string onednn_version();

/// oneDNN's convolution and dense layer; the quantization of the input and the 8-bit pool are the
/// same code as in OctetNetwork. `model` must outlive the network. Throws std::runtime_error at the
/// first run with a batch size that oneDNN refuses.
std::unique_ptr<Network> make_onednn_int8(const QuantizedModel& model, int threads);

/// All of it oneDNN's: convolution with ReLU, pool, dense layer.
std::unique_ptr<Network> make_onednn_float(const FloatModel& model, int threads);

}  // namespace fashion_mnist
