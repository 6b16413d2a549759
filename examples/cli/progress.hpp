// SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdio>

namespace cli {

/// A count of rows on standard error while it is a terminal; nothing otherwise.
class progress {
 public:
  progress() = default;
  ~progress() {
    if (started_) { std::fputc('\n', stderr); }
  }
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  void rows(std::int64_t done) {
    if (!terminal_) { return; }
    std::fprintf(stderr, "\r%lld rows", static_cast<long long>(done));
    started_ = true;
  }

 private:
  bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  bool started_ = false;
};

}  // namespace cli
