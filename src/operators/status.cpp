#include "octet/status.hpp"

#include <cstdio>

namespace octet {

Status::Status(StatusCode code, const char* format, std::va_list arguments) noexcept : code_(code) {
  std::vsnprintf(message_, sizeof message_, format, arguments);
}

Status Status::invalid_argument(const char* format, ...) noexcept {
  std::va_list arguments;
  va_start(arguments, format);
  const Status status(StatusCode::kInvalidArgument, format, arguments);
  va_end(arguments);
  return status;
}

Status Status::error(StatusCode code, const char* format, ...) noexcept {
  std::va_list arguments;
  va_start(arguments, format);
  const Status status(code, format, arguments);
  va_end(arguments);
  return status;
}

}  // namespace octet
