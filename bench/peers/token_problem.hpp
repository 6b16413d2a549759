// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

/// Logits of as many tokens as make half a gibibyte, more than a cache holds, and a label for each.
struct token_problem {
  std::int64_t vocabulary, tokens;
  std::vector<float> logits;
  std::vector<std::int32_t> label;

  explicit token_problem(std::int64_t v)
      : vocabulary(v),
        tokens((std::int64_t{1} << 27) / v),
        logits(static_cast<std::size_t>(tokens * v)),
        label(static_cast<std::size_t>(tokens)) {
    std::uint32_t state = 1;
    for (float& each : logits) {
      state = state * 1664525u + 1013904223u;
      each = static_cast<float>(state >> 8) * 0x1p-21f - 4;  // between -4 and 4
    }
    for (std::size_t i = 0; i < label.size(); ++i) {
      label[i] = static_cast<std::int32_t>((static_cast<std::int64_t>(i) * 7919) % v);
    }
  }
};

}  // namespace bench
