// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

#include "dynamicpo/detail/arguments.hpp"
#include "dynamicpo/error.hpp"

namespace dynamicpo::inline v1::lm {

/// What `sequence_log_prob` and `fused_log_prob` write; all but log_prob is optional.
struct sequence_outputs {
  std::span<double> log_prob{};      ///< [N] sum of log softmax(logits)[label] over the tokens that count, nats
  std::span<std::int32_t> count{};   ///< [N] how many these are: the lengths of `scores::with_lengths`
  std::span<double> entropy{};       ///< [N] sum of the entropies of their distributions, nats
  std::span<std::int32_t> argmax{};  ///< [N, T] the first most likely token, -1 where a place does not count
                                     ///< or no token is possible
  std::span<double> log_sum{};       ///< [N, T] log of the sum of e^logit over the vocabulary, 0 where a place does not
                                     ///< count: given to the backward pass, it spares one over the logits

  /// \throws std::invalid_argument when one is too short.
  void require(const char* where, index sequences, index tokens) const {
    detail::require_room(where, "count", count, sequences);
    detail::require_room(where, "entropy", entropy, sequences);
    detail::require_room(where, "argmax", argmax, sequences * tokens);
    detail::require_room(where, "log_sum", log_sum, sequences * tokens);
    detail::require_entries(where, "log_prob", log_prob, sequences);
  }
};

}  // namespace dynamicpo::inline v1::lm
