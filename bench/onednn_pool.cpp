#include "onednn_primitive.hpp"

namespace octet::onednn {

std::unique_ptr<Pool> Pool::create(const ConvProblem& p, DataType type, bool average,
                                   std::string* error) try {
  const memory::desc in({p.batch, p.in_channels, p.in_h, p.in_w}, dnnl_type(type), Tag::nhwc);
  const memory::desc out({p.batch, p.in_channels, p.out_h(), p.out_w()}, dnnl_type(type),
                         Tag::nhwc);
  const memory::dims strides = {p.stride_h, p.stride_w};
  const memory::dims kernel = {p.kernel_h, p.kernel_w};
  const memory::dims before = {p.pad_top, p.pad_left}, after = {p.pad_bottom, p.pad_right};
  const auto algorithm =
      average ? dnnl::algorithm::pooling_avg_exclude_padding : dnnl::algorithm::pooling_max;
  const auto desc =
      describe<dnnl::pooling_forward>(dnnl::primitive_attr(), dnnl::prop_kind::forward_inference,
                                      algorithm, in, out, strides, kernel,
#if DNNL_VERSION_MAJOR >= 3
                                      memory::dims{0, 0},
#endif
                                      before, after);
  return std::unique_ptr<Pool>(new Pool(State::make<dnnl::pooling_forward>(desc)));
} catch (const dnnl::error& e) {
  *error = e.what();
  return nullptr;
}

}  // namespace octet::onednn
