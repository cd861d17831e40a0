// In place of onednn_network.cpp where there is no oneDNN.
#include "onednn_network.hpp"

namespace fashion_mnist {

std::string onednn_version() { return {}; }

std::unique_ptr<Network> make_onednn_int8(const QuantizedModel&, int) { return nullptr; }

std::unique_ptr<Network> make_onednn_float(const FloatModel&, int) { return nullptr; }

}  // namespace fashion_mnist
