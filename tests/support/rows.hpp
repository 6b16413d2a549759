// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"

/// Batches that own their memory, everything a call says about them, and comparisons to the bit.
namespace test_support {

namespace po = dynamicpo;

template <class T>
inline constexpr T nan_of = std::numeric_limits<T>::quiet_NaN();
template <class T>
inline constexpr T infinity_of = std::numeric_limits<T>::infinity();

/// Scores of a batch: dense, or ragged where offsets are given.
template <class T>
struct table {
  std::vector<T> chosen;
  std::vector<T> rejected;
  std::vector<std::int64_t> offsets{};

  auto view() { return view_of(*this); }
  auto view() const { return view_of(*this); }

 private:
  template <class Table>
  static auto view_of(Table& self) {
    return self.offsets.empty() ? po::view(self.chosen, self.rejected)
                                : po::view(self.chosen, self.rejected, self.offsets);
  }
};

template <class T>
struct batch {
  table<T> policy, reference;
};

/// Uniform in [low, high).
inline double between(po::sample::philox_engine& random, double low, double high) {
  return low + (high - low) * random.uniform();
}

/// Log-probabilities of `rows` rows of `negatives` each, or of 0 to 2 `negatives` where ragged; the reference is near.
template <class T>
batch<T> random_batch(std::uint64_t seed, po::index rows, po::index negatives, bool ragged = false) {
  po::sample::philox_engine random{seed};
  batch<T> made;
  if (ragged) { made.policy.offsets = {0}; }
  const auto add = [&](std::vector<T>& policy, std::vector<T>& reference) {
    policy.push_back(static_cast<T>(between(random, -12, -2)));
    reference.push_back(static_cast<T>(static_cast<double>(policy.back()) + between(random, -2, 2)));
  };
  for (po::index row = 0; row < rows; ++row) {
    add(made.policy.chosen, made.reference.chosen);
    const po::index count = ragged ? random.below(static_cast<std::uint32_t>(2 * negatives + 1)) : negatives;
    for (po::index k = 0; k < count; ++k) { add(made.policy.rejected, made.reference.rejected); }
    if (ragged) { made.policy.offsets.push_back(static_cast<std::int64_t>(made.policy.rejected.size())); }
  }
  made.reference.offsets = made.policy.offsets;
  return made;
}

/// A table shaped like a view, every entry `value`.
template <class T>
table<std::remove_const_t<T>> table_like(const po::scores<T>& shape, std::remove_const_t<T> value) {
  table<std::remove_const_t<T>> made;
  made.chosen.assign(static_cast<std::size_t>(shape.rows()), value);
  made.rejected.assign(static_cast<std::size_t>(shape.flat(shape.rows())), value);
  if (shape.ragged()) {
    for (po::index row = 0; row <= shape.rows(); ++row) { made.offsets.push_back(shape.flat(row)); }
  }
  return made;
}

/// Everything that one call of loss_and_gradient says. Entries that the call leaves unwritten would show as NaN.
template <class T>
struct answer {
  using compute = po::compute_of<T>;

  po::evaluation<compute, po::instruments<po::accumulator_of<T>>> result;
  table<T> gradient;
  std::vector<compute> row_loss, beta;
};

struct how {
  po::reduction reduction = po::reduction::sum;
  po::nonfinite nonfinite = po::nonfinite::skip;
};

/// All NaN are one: which of two operands gives a sum its sign and payload is up to the compiler.
template <class T>
bool same_bits(const T& a, const T& b) {
  static_assert(std::is_arithmetic_v<T> || sizeof(T) == 2, "types without padding");
  const auto is_nan = [](const T& x) {
    const auto wide = static_cast<po::compute_of<T>>(x);
    return wide != wide;
  };
  return std::memcmp(&a, &b, sizeof(T)) == 0 || (is_nan(a) && is_nan(b));
}
template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const T& x, const T& y) { return same_bits(x, y); });
}
template <class T>
bool same_bits(const table<T>& a, const table<T>& b) {
  return same_bits(a.chosen, b.chosen) && same_bits(a.rejected, b.rejected);
}
inline bool same_counts(const po::row_counts& a, const po::row_counts& b) {
  return a.rows == b.rows && a.empty_rows == b.empty_rows && a.invalid_rows == b.invalid_rows &&
         a.underflow_rows == b.underflow_rows && a.first_invalid.row == b.first_invalid.row &&
         a.first_invalid.slot == b.first_invalid.slot && a.first_invalid.defect == b.first_invalid.defect;
}
template <class A>
bool same_bits(const po::instruments<A>& a, const po::instruments<A>& b) {
  return a.selected == b.selected && same_bits(a.beta_sum, b.beta_sum) && same_bits(a.gradient_sum, b.gradient_sum) &&
         same_bits(a.boundary_gradient_sum, b.boundary_gradient_sum) && a.saturated_rows == b.saturated_rows &&
         a.pair_wins == b.pair_wins && a.pair_ties == b.pair_ties && a.pair_losses == b.pair_losses &&
         a.row_wins == b.row_wins && a.row_ties == b.row_ties && a.row_losses == b.row_losses;
}
template <class T>
bool same_bits(const answer<T>& a, const answer<T>& b) {
  return same_counts(a.result, b.result) && same_bits(a.result.loss, b.result.loss) &&
         same_bits(a.result.instruments, b.result.instruments) && same_bits(a.gradient, b.gradient) &&
         same_bits(a.row_loss, b.row_loss) && same_bits(a.beta, b.beta);
}

/// The answer of a call. With instruments rows are seen one by one, without them side by side or along the lanes, and
/// without betas wanted some are added up as they are read: all are asked, and must agree to the bit.
template <class Pipeline, class P, class Reference, class Exec = po::exec::sequential>
auto evaluate(const Pipeline& pipeline, const po::scores<P>& policy, const Reference& reference, how options = {},
              const Exec& exec = {}) {
  using stored = std::remove_const_t<P>;
  using compute = po::compute_of<P>;
  answer<stored> found;
  found.gradient = table_like(policy, static_cast<stored>(nan_of<float>));
  found.row_loss.assign(static_cast<std::size_t>(policy.rows()), nan_of<compute>);
  found.beta.assign(static_cast<std::size_t>(policy.flat(policy.rows())), nan_of<compute>);
  found.result = po::loss_and_gradient(exec, pipeline, policy, reference,
                                       {.gradient = found.gradient.view(),
                                        .row_loss = found.row_loss,
                                        .effective_beta = found.beta,
                                        .reduction = options.reduction,
                                        .nonfinite = options.nonfinite},
                                       po::with_instruments);

  for (const bool with_beta : {true, false}) {
    auto again = found;
    again.gradient = table_like(policy, static_cast<stored>(nan_of<float>));
    std::fill(again.row_loss.begin(), again.row_loss.end(), nan_of<compute>);
    if (with_beta) { std::fill(again.beta.begin(), again.beta.end(), nan_of<compute>); }
    const auto plain =
        po::loss_and_gradient(exec, pipeline, policy, reference,
                              {.gradient = again.gradient.view(),
                               .row_loss = again.row_loss,
                               .effective_beta = with_beta ? std::span(again.beta) : std::span<compute>(),
                               .reduction = options.reduction,
                               .nonfinite = options.nonfinite});
    if (!same_counts(plain, found.result) || !same_bits(plain.loss, found.result.loss) ||
        !same_bits(again.gradient, found.gradient) || !same_bits(again.row_loss, found.row_loss) ||
        !same_bits(again.beta, found.beta)) {
      throw std::logic_error("rows seen one by one and rows in lanes have different answers");
    }
  }
  return found;
}

/// What a call says about one row, negatives in order; for comparing rows across batches and layouts.
template <class T>
struct row_answer {
  std::vector<po::compute_of<T>> loss, beta;
  std::vector<T> gradient;  ///< of the chosen, then of each rejected

  friend bool same_bits(const row_answer& a, const row_answer& b) {
    return same_bits(a.loss, b.loss) && same_bits(a.beta, b.beta) && same_bits(a.gradient, b.gradient);
  }
};

/// `skipped` (by flat position) leaves negatives out.
template <class T>
row_answer<T> row_of(const answer<T>& whole, po::index row, std::span<const std::uint8_t> kept = {}) {
  const auto gradient = whole.gradient.view();
  row_answer<T> found{{whole.row_loss[static_cast<std::size_t>(row)]}, {}, {gradient.chosen(row)}};
  for (po::index k = 0; k < gradient.negatives(row); ++k) {
    const auto at = static_cast<std::size_t>(gradient.flat(row) + k);
    if (kept.empty() || kept[at] != 0) {
      found.gradient.push_back(gradient.rejected(row, k));
      found.beta.push_back(whole.beta[at]);
    }
  }
  return found;
}

/// Calls `check(name, objective)` for every objective of the library, several negatives or one as each takes.
template <class Check>
void for_each_objective(const Check& check) {
  check("dmpo", po::objective::dmpo);
  check("sdpo", po::objective::sdpo);
  check("mppo", po::objective::mppo);
  check("ipo", po::objective::ipo(0.5));
  check("slic", po::objective::slic(1.0));
  check("simpo", po::objective::simpo(0.25));
  check("smoothed dpo", po::objective::smoothed_dpo(0.1));
}

}  // namespace test_support
