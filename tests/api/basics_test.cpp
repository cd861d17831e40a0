// Status, views and Workspace: the small types of the API.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "octet/octet.hpp"

namespace octet::test {
namespace {

TEST(Status, IsOkByDefault) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), StatusCode::kOk);
  EXPECT_EQ(status.message(), "");
}

TEST(Status, HoldsACodeAndAFormattedMessage) {
  const Status invalid = Status::invalid_argument("%s is %d", "K", -3);
  EXPECT_FALSE(invalid.ok());
  EXPECT_EQ(invalid.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(invalid.message(), "K is -3");
  const Status memory = Status::error(StatusCode::kOutOfMemory, "%zu bytes", std::size_t{7});
  EXPECT_EQ(memory.code(), StatusCode::kOutOfMemory);
  EXPECT_EQ(memory.message(), "7 bytes");
}

TEST(Status, CutsLongMessages) {
  const std::string text(100000, 'x');
  for (const Status& status : {Status::invalid_argument("%s", text.c_str()),
                               Status::error(StatusCode::kUnsupported, "%s", text.c_str())}) {
    EXPECT_LT(status.message().size(), 255u);
    EXPECT_GT(status.message().size(), 200u);
    EXPECT_EQ(text.substr(0, status.message().size()), status.message());
  }
}

TEST(Status, CanBeCopied) {
  const Status original = Status::invalid_argument("lhs");
  Status copy;
  copy = original;
  EXPECT_EQ(copy.code(), original.code());
  EXPECT_EQ(copy.message(), "lhs");
}

TEST(Views, OfContiguousMemoryHaveItsStrides) {
  std::array<float, 24> data = {};
  const Matrix m = matrix(data.data(), 4, 6);
  EXPECT_EQ(m.data, data.data());
  EXPECT_EQ(m.type, DataType::kF32);
  EXPECT_EQ(m.row_stride, 6);
  EXPECT_EQ(const_matrix(data.data(), 3, 6, 8).row_stride, 8);

  const ConstImages i = const_images(data.data(), 1, 2, 3, 4);
  EXPECT_EQ(i.pixel_stride, 4);
  EXPECT_EQ(i.row_stride, 12);
  EXPECT_EQ(i.image_stride, 24);
  const Images o = images(data.data(), 1, 2, 3, 4);
  EXPECT_EQ(o.pixel_stride, 4);
  EXPECT_EQ(o.row_stride, 12);
  EXPECT_EQ(o.image_stride, 24);
}

TEST(Workspace, GrowsAndStays) {
  Workspace workspace;
  EXPECT_TRUE(workspace.reserve(0).empty());
  const auto large = workspace.reserve(1000);
  ASSERT_GE(large.size(), 1000u);
  const auto small = workspace.reserve(10);
  EXPECT_EQ(small.data(), large.data());
  EXPECT_GE(small.size(), 1000u);
}

}  // namespace
}  // namespace octet::test
