// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>

namespace dynamicpo::inline v1 {

/// A call of the CUDA runtime that failed: which, with what code, and the runtime's words for it. Kernels run later than
/// the call that launches them: what goes wrong in one is thrown by `get`, or by a later call. Needs no CUDA.
class cuda_error : public std::runtime_error {
 public:
  cuda_error(std::string call, int code, std::string text)
      : std::runtime_error("dynamicpo: " + call + " failed with CUDA error " + std::to_string(code) + ": " + text),
        call_{std::move(call)},
        text_{std::move(text)},
        code_{code} {}

  const std::string& call() const noexcept { return call_; }
  const std::string& text() const noexcept { return text_; }
  /// cudaError_t as a number.
  int code() const noexcept { return code_; }

 private:
  std::string call_, text_;
  int code_;
};

}  // namespace dynamicpo::inline v1
