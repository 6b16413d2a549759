// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "dynamicpo/detail/arguments.hpp"
#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/detail/vocabulary_pass.hpp"
#include "dynamicpo/lm/sequence_outputs.hpp"
#include "dynamicpo/lm/token_logits.hpp"
#include "dynamicpo/score/scalar.hpp"

namespace dynamicpo::inline v1::lm {

/// Log-probabilities of sequences under their tokens' logits, one pass over each token that counts: no [N, T, V] array
/// of probabilities. Exponentials in the logits' arithmetic, sums of more than four of them in double. A logit of -inf
/// is a token that cannot be (its label gets -inf); a NaN, a logit of +inf, or logits that are all -inf, make NaN. A
/// sequence without tokens that count gets 0, and count 0. \throws std::invalid_argument when arrays do not fit, or a
/// label is no token. The same bits for any policy. Cost: N T V exponentials, each logit read once.
template <class Exec, class T>
void sequence_log_prob(const Exec& exec, const token_logits<T>& logits, const token_labels& labels,
                       const sequence_outputs& out) {
  using number = compute_of<T>;
  constexpr const char* where = "lm::sequence_log_prob";
  labels.require(where, logits.sequences * logits.tokens, logits.tokens, logits.vocabulary);
  out.require(where, logits.sequences, logits.tokens);
  exec.for_each_block(logits.sequences, [&](index sequence, index) {
    double log_prob = 0, entropy = 0;
    std::int32_t count = 0;
    detail::run_on_this_processor([&](auto bytes) {
      using V = detail::lanes<number, 64 / sizeof(number), bytes>;
      for (index token = 0; token < logits.tokens; ++token) {
        const index place = sequence * logits.tokens + token;
        const bool counts = labels.counts(place);
        detail::softmax_sums sums;
        if (counts) {
          const auto* const at = logits.at(sequence, token);
          sums = out.entropy.empty() ? detail::sums_over_vocabulary<V, false>(at, logits.vocabulary)
                                     : detail::sums_over_vocabulary<V, true>(at, logits.vocabulary);
          log_prob += sums.log_probability(
              static_cast<double>(static_cast<number>(at[labels.label[static_cast<std::size_t>(place)]])));
          entropy += out.entropy.empty() ? 0.0 : sums.entropy();
          ++count;
        }
        if (!out.argmax.empty()) {
          out.argmax[static_cast<std::size_t>(place)] = static_cast<std::int32_t>(sums.argmax);
        }
        if (!out.log_sum.empty()) { out.log_sum[static_cast<std::size_t>(place)] = counts ? sums.log_sum() : 0.0; }
      }
    });
    const auto at = static_cast<std::size_t>(sequence);
    out.log_prob[at] = log_prob;
    if (!out.count.empty()) { out.count[at] = count; }
    if (!out.entropy.empty()) { out.entropy[at] = entropy; }
  });
}

/// The gradient of sum over n of coefficient_n log_prob_n by the logits: coefficient_n ([v = label] - softmax[v]) where
/// a place counts, 0 elsewhere; written to `gradient`, or added to it with `accumulate`. Sequences of coefficient 0 are
/// not read: the negatives that a selection leaves out cost nothing but their zeros.
/// \param gradient  the shape of `logits`; may be the logits themselves, exactly in place and without `accumulate`; any
///                  other overlap is refused. \param coefficient  within the range of the arithmetic.
/// \param log_sum   [N, T] as sequence_log_prob gives it for these logits; or empty: one more pass over them finds it.
/// \throws std::invalid_argument as sequence_log_prob, and when shapes differ or memory overlaps as said.
template <class Exec, class T, class U>
void sequence_log_prob_backward(const Exec& exec, const token_logits<T>& logits, const token_labels& labels,
                                std::span<const double> coefficient, const token_logits<U>& gradient,
                                bool accumulate = false, std::span<const double> log_sum = {}) {
  using number = compute_of<T>;
  constexpr const char* where = "lm::sequence_log_prob_backward";
  labels.require(where, logits.sequences * logits.tokens, logits.tokens, logits.vocabulary);
  detail::require_entries(where, "coefficient", coefficient, logits.sequences);
  detail::require_room(where, "log_sum", log_sum, logits.sequences * logits.tokens);
  require_gradient_of(where, logits, gradient, accumulate);
  exec.for_each_block(logits.sequences, [&](index sequence, index) {
    const double pull = coefficient[static_cast<std::size_t>(sequence)];
    detail::run_on_this_processor([&](auto bytes) {
      using V = detail::lanes<number, 64 / sizeof(number), bytes>;
      for (index token = 0; token < logits.tokens; ++token) {
        const index place = sequence * logits.tokens + token;
        U* const to = gradient.at(sequence, token);
        if (pull == 0 || !labels.counts(place)) {
          for (index v = 0; !accumulate && v < logits.vocabulary; ++v) { to[v] = static_cast<U>(0.0f); }
          continue;
        }
        const auto* const at = logits.at(sequence, token);
        const double sum = log_sum.empty() ? detail::sums_over_vocabulary<V, false>(at, logits.vocabulary).log_sum()
                                           : log_sum[static_cast<std::size_t>(place)];
        detail::softmax_gradient<V>(at, logits.vocabulary, sum, index{labels.label[static_cast<std::size_t>(place)]},
                                    pull, accumulate, to);
      }
    });
  });
}

}  // namespace dynamicpo::inline v1::lm
