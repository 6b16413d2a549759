// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

namespace collapse_study {

using json = nlohmann::ordered_json;

/// Results of one study as JSON lines that survive being killed. Line 1 is a header that says which study it is, every
/// other line a record whose field "run" identifies it. Records are appended as they come, one write each, so that only
/// the last line can be torn; opening the file again drops such a line and keeps the rest. `finish` brings the records
/// into their canonical order: a complete file depends neither on the order of appending nor on interruptions.
class result_log {
 public:
  /// Opens `file` for the study of that header, or begins it. Throws std::runtime_error where the file is of another
  /// study (naming the first difference), is no such file, or is being written by another process.
  result_log(std::filesystem::path file, const json& header);
  ~result_log();
  result_log(const result_log&) = delete;
  result_log& operator=(const result_log&) = delete;

  /// Records that the file held when it was opened.
  std::size_t resumed() const { return resumed_; }
  /// Safe to call while others append.
  bool contains(std::string_view run) const;
  /// Throws std::out_of_range when there is no such record.
  json at(std::string_view run) const;
  /// Safe to call from several threads. A number that is not finite becomes null.
  void append(const json& record);
  /// Rewrites the file with the header and exactly these runs, in this order; written aside and renamed. The
  /// last call: nothing may be appended after it.
  void finish(std::span<const std::string> runs);

 private:
  void read(const std::string& expected_header);
  void write(int file, std::string_view text) const;

  std::filesystem::path path_;
  std::string header_;
  std::size_t resumed_ = 0;
  int folder_ = -1, file_ = -1;
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> lines_;  // by run
};

}  // namespace collapse_study
