// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace bench {

/// A program that times cases on request (peers/serve.hpp): it first writes a line "ready" or why it cannot run; then
/// for every line with the name of a case it runs that case once and answers with nanoseconds a row.
class peer_process {
 public:
  explicit peer_process(std::vector<std::string> command);
  peer_process(const peer_process&) = delete;
  peer_process& operator=(const peer_process&) = delete;
  ~peer_process();

  /// Empty when the program answers; otherwise why not.
  const std::string& absent() const { return absent_; }
  /// \throws std::runtime_error with the program's words when it gives no figure.
  double ask(const std::string& case_name);

 private:
  struct close_file {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string read_line();

  std::string program_;
  pid_t child_ = -1;
  std::unique_ptr<std::FILE, close_file> questions_, answers_;
  std::string absent_;
};

}  // namespace bench
