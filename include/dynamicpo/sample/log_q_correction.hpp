// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include "dynamicpo/detail/arguments.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/score/scalar.hpp"
#include "dynamicpo/score/scores.hpp"

namespace dynamicpo::inline v1::sample {

/// The sampled-softmax correction as the reference of a loss: what negatives drawn by q should be compared with, so
/// that their sum of exponentials estimates that over the whole catalogue without bias.
///   out.rejected(b, k) = reference.rejected(b, k) + log(K_b q_bk) / beta,   out.chosen(b) = reference.chosen(b)
/// With it, S-DPO's sum over k of e^(beta (r_k - r_chosen)) has the terms e^(beta (r_k - r_chosen)) / (K q_k). Any
/// objective takes it. Exact for one fixed `beta`: an offset in nats divided by it, so with dual-margin beta it is not
/// this correction.
/// \param reference  [B, K]; scores of zeros where there is no reference.
/// \param log_q      by flat position, as draw_negatives gives it; not read where a negative is absent. K_b counts
/// those
///                   that are present. With replacement the estimate is without bias; without, nearly.
/// \param out        the shape of `reference`, or `reference` itself; absent entries are left as they are.
/// \throws std::invalid_argument when beta is not positive, shapes differ, scores are divided by lengths, or the log q
///         of a negative that is present is no number; rows before it are written.
/// Cost O(B K), on the calling thread. Source: Bengio and Senecal, "Adaptive importance sampling to accelerate training
/// of a neural probabilistic language model", 2008.
template <class T, class U>
void correct_for_sampling(const scores<T>& reference, std::span<const double> log_q, double beta,
                          const scores<U>& out) {
  constexpr const char* where = "sample::correct_for_sampling";
  if (!(beta > 0) || !std::isfinite(beta)) {
    detail::throw_invalid(where, "beta is " + std::to_string(beta) + ", expected a positive number");
  }
  if (reference.length_normalised() || out.length_normalised()) {
    detail::throw_invalid(where, "scores that are divided by lengths: correct the quotients");
  }
  const index rows = reference.rows();
  bool same = out.rows() == rows;
  for (index row = 0; same && row < rows; ++row) { same = out.negatives(row) == reference.negatives(row); }
  if (!same) { detail::throw_invalid(where, "the output has another shape than the reference"); }
  const index end = rows == 0 ? 0 : reference.flat(rows);
  detail::require_entries(where, "log_q", log_q, end);
  for (index row = 0; row < rows; ++row) {
    index present = 0;
    for (index k = 0; k < reference.negatives(row); ++k) { present += reference.present(row, k) ? 1 : 0; }
    const double log_count = std::log(static_cast<double>(present));
    for (index k = 0; k < reference.negatives(row); ++k) {
      if (!reference.present(row, k)) { continue; }
      const double each = log_q[static_cast<std::size_t>(reference.flat(row) + k)];
      if (!std::isfinite(each)) {
        detail::throw_invalid(where, "log q of row " + std::to_string(row) + ", negative " + std::to_string(k) +
                                         " is " + std::to_string(each) + ": mask negatives that were not drawn");
      }
      const auto base = static_cast<double>(static_cast<compute_of<T>>(reference.rejected(row, k)));
      out.rejected(row, k) = static_cast<U>(static_cast<compute_of<U>>(base + (each + log_count) / beta));
    }
    out.chosen(row) = static_cast<U>(static_cast<compute_of<U>>(static_cast<compute_of<T>>(reference.chosen(row))));
  }
}

}  // namespace dynamicpo::inline v1::sample
