// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "cases/bench_case.hpp"
#include "cases/fingerprint.hpp"

namespace bench {

/// One case on one batch: the library's kernel and its twins. All three write the same outputs and run on the policy
/// of the case.
struct kernel_runs {
  std::function<void()> kernel;
  std::function<void()> triad;
  std::function<void()> raw;  ///< empty where there is none
  std::int64_t rows = 0;
};

/// Makes the batch and runs everything once. Successive cases of one shape share a batch.
/// \throws std::runtime_error when the raw twin's loss or gradient is not the kernel's.
kernel_runs prepare(const bench_case& wanted);

/// \throws std::runtime_error when what a peer found for a case is not what the library finds.
void expect_agreement(const bench_case& wanted, const fingerprint& found);

bool has_raw_twin(const bench_case& wanted);

/// std::sort of a copy of each row of policy scores, over the batch of a dense case.
std::function<void()> prepare_sort(const bench_case& wanted);

/// What the kernels were compiled for, as the compiler's macros tell: "native (AVX2)", "plain (SSE2)".
std::string compiled_for();

}  // namespace bench
