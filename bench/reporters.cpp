#include "reporters.hpp"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <vector>

namespace octet::bench {
namespace {

std::unique_ptr<benchmark::BenchmarkReporter> make_reporter(const std::string& format) {
  if (format == "json") return std::make_unique<benchmark::JSONReporter>();
  if (format == "console")
    return std::make_unique<benchmark::ConsoleReporter>(benchmark::ConsoleReporter::OO_None);
  throw std::runtime_error("format '" + format + "' is neither console nor json");
}

}  // namespace

SessionReporter::SessionReporter(const std::string& format, const std::string& file,
                                 const std::string& file_format, std::size_t longest_name)
    : longest_name_(longest_name),
      medians_only_(format == "console"),
      display_(make_reporter(format)) {
  display_->SetOutputStream(&std::cout);
  display_->SetErrorStream(&std::cerr);
  if (file.empty()) return;
  file_ = make_reporter(file_format);
  stream_.open(file);
  if (!stream_) throw std::runtime_error("cannot write " + file);
  file_->SetOutputStream(&stream_);
  file_->SetErrorStream(&std::cerr);
}

bool SessionReporter::ReportContext(const Context& context) {
  if (std::exchange(has_begun_, true)) return true;
  Context wide = context;
  wide.name_field_width = longest_name_;
  return display_->ReportContext(wide) && (!file_ || file_->ReportContext(wide));
}

void SessionReporter::ReportRuns(const std::vector<Run>& runs) {
  if (file_) file_->ReportRuns(runs);
  std::vector<Run> shown;
  std::copy_if(runs.begin(), runs.end(), std::back_inserter(shown), [&](const Run& run) {
    return !medians_only_ || run.error_occurred || run.repetitions == 1 ||
           run.aggregate_name == "median";
  });
  if (!shown.empty()) display_->ReportRuns(shown);
}

void SessionReporter::finish() {
  if (!has_begun_) return;
  display_->Finalize();
  if (file_) file_->Finalize();
}

}  // namespace octet::bench
