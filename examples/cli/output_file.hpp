// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace cli {

/// A file that is complete or absent: written aside, renamed by `commit`, removed when that is never reached. What
/// stood at the path stays until then. "-" is standard output; that and a path of no regular file (a device) are
/// written in place. \throws std::runtime_error naming the path and the reason; a full disk counts.
class output_file {
 public:
  explicit output_file(std::string path);
  ~output_file();
  output_file(const output_file&) = delete;
  output_file& operator=(const output_file&) = delete;

  void write(std::string_view text);
  void commit();

 private:
  [[noreturn]] void fail() const;
  void flush();

  std::string path_, target_, aside_;  // as given; without links; written here until the commit
  std::string pending_;
  int descriptor_ = -1;
};

}  // namespace cli
