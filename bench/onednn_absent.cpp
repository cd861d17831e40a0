// Stands in for onednn.cpp where there is no oneDNN: every create() says so.
#include "onednn.hpp"

namespace octet::onednn {
namespace {

constexpr const char* kAbsent = "this program was built without oneDNN";

}  // namespace

struct Primitive::State {};

Primitive::Primitive(std::unique_ptr<State> state) : state_(std::move(state)) {}
Primitive::~Primitive() = default;
void Primitive::run(const void*, void*) {}
std::string Primitive::implementation() const { return {}; }

std::string version() { return "none"; }
void set_threads(int) {}
bool cap_isa(std::string_view) { return true; }

std::unique_ptr<Gemm> Gemm::create(const GemmProblem&, const void*, std::string* error) {
  *error = kAbsent;
  return nullptr;
}

std::unique_ptr<Conv> Conv::create(const ConvProblem&, const void*, std::string* error) {
  *error = kAbsent;
  return nullptr;
}

std::unique_ptr<Pool> Pool::create(const ConvProblem&, DataType, bool, std::string* error) {
  *error = kAbsent;
  return nullptr;
}

std::unique_ptr<TransposedConv> TransposedConv::create(const ConvProblem&, std::int64_t,
                                                       std::int64_t, const void*,
                                                       std::string* error) {
  *error = kAbsent;
  return nullptr;
}

}  // namespace octet::onednn
