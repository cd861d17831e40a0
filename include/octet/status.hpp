/// How octet reports what it refuses: no exceptions, no aborts.
#pragma once

#include <cstdarg>
#include <cstdint>
#include <string_view>

namespace octet {

enum class StatusCode : std::uint8_t {
  kOk,
  kInvalidArgument,  ///< An argument breaks its documented contract; the message names it.
  kOutOfRange,       ///< The sums could leave int32: the exact result cannot be promised.
  kUnsupported,      ///< An ISA that is unknown, or that this CPU lacks.
  kOutOfMemory,      ///< `create` could not allocate.
};

/// Success, or a code and a message that names the argument and the limit. Holds its text in
/// place: making, copying and dropping a Status never allocates.
class [[nodiscard]] Status {
 public:
  Status() noexcept { message_[0] = '\0'; }

  /// printf-style; text beyond the buffer is cut.
  [[gnu::format(printf, 1, 2)]] static Status invalid_argument(const char* format, ...) noexcept;
  [[gnu::format(printf, 2, 3)]] static Status error(StatusCode code, const char* format,
                                                    ...) noexcept;

  bool ok() const noexcept { return code_ == StatusCode::kOk; }
  StatusCode code() const noexcept { return code_; }
  /// Empty on success; a NUL follows the text.
  std::string_view message() const noexcept { return message_; }

 private:
  Status(StatusCode code, const char* format, std::va_list arguments) noexcept;

  StatusCode code_ = StatusCode::kOk;
  char message_[255];  // the first byte alone is set on success: calls are short
};

}  // namespace octet
