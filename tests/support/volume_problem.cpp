#include "support/volume_problem.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "support/every_isa.hpp"
#include "support/guarded_epilogue.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random_problems.hpp"

namespace octet::test {
namespace {

/// The convolution of one plane with plane `d` of the filter: the plain sums.
ConvolutionProblem plane_of(const VolumeProblem& p, std::int64_t image, std::int64_t d) {
  ConvolutionProblem plane = p.plane;
  const ConvolutionConfig& c = plane.config;
  plane.batch = 1;
  plane.epilogue = {};
  plane.residual = {};
  const auto pixels = static_cast<std::ptrdiff_t>(plane.height * plane.width * c.in_channels);
  plane.in.assign(p.plane.in.begin() + image * pixels, p.plane.in.begin() + (image + 1) * pixels);
  const auto taps = static_cast<std::ptrdiff_t>(c.kernel_h * c.kernel_w * c.in_channels / c.groups);
  plane.weights.clear();
  for (std::int64_t o = 0; o < c.out_channels; ++o) {
    const auto begin = p.plane.weights.begin() + (o * p.kernel_d + d) * taps;
    plane.weights.insert(plane.weights.end(), begin, begin + taps);
  }
  return plane;
}

/// From [O, D, H, W, I] to the config's layout.
std::vector<std::uint8_t> weights_in_layout(const VolumeProblem& problem) {
  const ConvolutionConfig& c = problem.plane.config;
  const std::int64_t group_in = c.in_channels / c.groups;
  const std::int64_t taps = problem.kernel_d * c.kernel_h * c.kernel_w;
  std::vector<std::uint8_t> bytes(problem.plane.weights.size());
  auto value = problem.plane.weights.begin();
  for (std::int64_t o = 0; o < c.out_channels; ++o) {
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      for (std::int64_t i = 0; i < group_in; ++i) {
        std::int64_t at = (o * taps + tap) * group_in + i;
        if (c.weights_layout == WeightsLayout::kOIHW) at = (o * group_in + i) * taps + tap;
        if (c.weights_layout == WeightsLayout::kHWIO)
          at = (tap * group_in + i) * c.out_channels + o;
        bytes[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(*value++);
      }
    }
  }
  return bytes;
}

/// Planes of a tensor [batch * depth, height, width, channels].
template <class Volumes, class Images>
Volumes volumes_of(const Images& planes, std::int64_t depth) {
  return {planes.data,
          planes.type,
          planes.batch / depth,
          depth,
          planes.height,
          planes.width,
          planes.channels,
          planes.pixel_stride,
          planes.row_stride,
          planes.image_stride,
          depth * planes.image_stride};
}

}  // namespace

std::int64_t VolumeProblem::out_depth() const {
  const std::int64_t room = depth + pad_front + pad_back - dilation_d * (kernel_d - 1) - 1;
  return room < 0 ? 0 : room / stride_d + 1;
}

Cells reference_volumes(const VolumeProblem& p) {
  const std::int64_t channels = p.plane.config.out_channels;
  const auto plane_size =
      static_cast<std::size_t>(p.plane.out_height() * p.plane.out_width() * channels);
  Cells out;
  for (std::int64_t n = 0; n < p.plane.batch; ++n) {
    for (std::int64_t z = 0; z < p.out_depth(); ++z) {
      Cells sums(plane_size);  // modulo 2^32; in the end they fit
      for (std::int64_t d = 0; d < p.kernel_d; ++d) {
        const std::int64_t z_in = z * p.stride_d + d * p.dilation_d - p.pad_front;
        if (z_in < 0 || z_in >= p.depth) continue;
        const Cells more = reference_images(plane_of(p, n * p.depth + z_in, d));
        for (std::size_t i = 0; i < plane_size; ++i) sums[i] += more[i];
      }
      for (std::size_t i = 0; i < plane_size; ++i) {
        const auto o = static_cast<std::int64_t>(i) % channels;
        const std::int64_t sum = static_cast<std::int32_t>(sums[i]);
        const std::int32_t residual = p.plane.residual.empty() ? 0 : p.plane.residual[out.size()];
        out.push_back(reference_epilogue(
            p.plane.epilogue, sum + per_column(p.plane.epilogue.bias, o, 0), o, residual));
      }
    }
  }
  return out;
}

std::string describe(const VolumeProblem& p) {
  std::ostringstream out;
  out << "depth " << p.depth << " kernel " << p.kernel_d << " stride " << p.stride_d << " dilation "
      << p.dilation_d << " pads " << p.pad_front << ' ' << p.pad_back
      << ", planes: " << describe(p.plane);
  return out.str();
}

void randomize(Random& random, VolumeProblem& problem) {
  ConvolutionProblem& plane = problem.plane;
  // As if depth were more of the height and of the batch.
  plane.config.kernel_h *= problem.kernel_d;
  plane.batch *= problem.depth;
  randomize(random, plane);
  plane.config.kernel_h /= problem.kernel_d;
  plane.batch /= problem.depth;
}

Convolution3d make_convolution3d(const VolumeProblem& problem, std::string_view isa,
                                 Placement placement) {
  const GuardedEpilogue epilogue(problem.plane.epilogue, placement);
  const GuardedArray<std::int32_t> weights_zero_point(problem.plane.weights_zero_point, placement);
  const GuardedArray<std::uint8_t> weights(weights_in_layout(problem), placement);
  Convolution3dConfig config = {.plane = problem.plane.config,
                                .kernel_d = problem.kernel_d,
                                .stride_d = problem.stride_d,
                                .dilation_d = problem.dilation_d,
                                .pad_front = problem.pad_front,
                                .pad_back = problem.pad_back};
  config.plane.weights_zero_point = weights_zero_point.span();
  config.plane.epilogue = epilogue.epilogue;
  config.plane.max_isa = isa;
  Convolution3d convolution;
  const Status status = Convolution3d::create(config, weights.span().data(), convolution);
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(convolution.isa(), isa);
  return convolution;
}

Cells run_volumes(const Convolution3d& convolution, const VolumeProblem& problem,
                  Placement placement, Executor* executor) {
  const ConvolutionProblem& plane = problem.plane;
  EXPECT_EQ(convolution.out_depth(problem.depth), problem.out_depth());
  EXPECT_EQ(convolution.out_height(plane.height), plane.out_height());
  EXPECT_EQ(convolution.out_width(plane.width), plane.out_width());
  GuardedTensor in = guarded_images(
      plane.config.in_type,
      {plane.batch * problem.depth, plane.height, plane.width, plane.config.in_channels},
      plane.in_gaps, placement);
  in.store(plane.in);
  in.seal_input();
  const GuardedTensor out = guarded_images(plane.epilogue.type,
                                           {plane.batch * problem.out_depth(), plane.out_height(),
                                            plane.out_width(), plane.config.out_channels},
                                           plane.out_gaps, placement);
  out.seal_output();
  const GuardedScratch scratch(
      convolution.scratch_bytes(plane.batch, problem.depth, plane.height, plane.width,
                                executor ? executor->threads() : 1),
      placement);
  const auto& added = plane.epilogue.residual;
  GuardedTensor residual =
      guarded_images(added ? added->type : DataType::kS8,
                     {added ? plane.batch * problem.out_depth() : 0, plane.out_height(),
                      plane.out_width(), plane.config.out_channels},
                     plane.residual_gaps, placement);
  if (added) {
    residual.store(plane.residual);
    residual.seal_input();
  }
  const Status status = convolution.run(
      volumes_of<ConstVolumes>(in.const_images(), problem.depth),
      volumes_of<Volumes>(out.images(), problem.out_depth()), {scratch.bytes(), executor},
      added ? volumes_of<ConstVolumes>(residual.const_images(), problem.out_depth())
            : ConstVolumes{});
  EXPECT_TRUE(status.ok()) << status.message();
  out.expect_gaps_untouched();
  return out.load();
}

void expect_exact(const VolumeProblem& problem, std::string_view isa) {
  const CaseScope scope(std::string(isa) + ": " + describe(problem));
  const Cells expected = reference_volumes(problem);
  for (Placement placement : kPlacements) {
    const Convolution3d convolution = make_convolution3d(problem, isa, placement);
    expect_equal_cells(run_volumes(convolution, problem, placement), expected,
                       problem.plane.config.out_channels, problem.plane.epilogue.type,
                       "Convolution3d::run");
  }
}

}  // namespace octet::test
