#include "octet/status.hpp"

#include <cstdarg>
#include <cstdio>

namespace octet {

Status Status::invalid_argument(const char* format, ...) noexcept {
  Status status;
  status.code_ = StatusCode::kInvalidArgument;
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(status.message_, sizeof status.message_, format, arguments);
  va_end(arguments);
  return status;
}

Status Status::error(StatusCode code, const char* format, ...) noexcept {
  Status status;
  status.code_ = code;
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(status.message_, sizeof status.message_, format, arguments);
  va_end(arguments);
  return status;
}

}  // namespace octet
