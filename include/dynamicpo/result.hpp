// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "dynamicpo/config.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/score/scalar.hpp"

namespace dynamicpo::inline v1 {

/// How row losses become one number, and what the gradient is of. `mean` divides by the rows that count (neither
/// invalid nor empty; under nonfinite::propagate invalid ones enter it too). `sum` adds them up, so that split batches
/// add up to the whole. `none` leaves rows to themselves: the gradient of each row is that of its own loss, and the
/// total is their sum.
enum class reduction : std::uint8_t { mean, sum, none };

/// What happens to rows that are not finite. `throw_`: std::domain_error naming row and slot, after every output is
/// written. `skip`: the row adds nothing, its gradient is 0 and its row loss NaN. `propagate`: IEEE arithmetic; where a
/// score is not finite, over all negatives, without selection. All three count it, and none changes a bit of any other
/// row, but for the divisor of `mean`.
enum class nonfinite : std::uint8_t { throw_, skip, propagate };

/// Why a row is invalid.
enum class defect : std::uint8_t {
  none,
  chosen_score,        ///< not finite
  chosen_length,       ///< an empty sequence
  chosen_log_ratio,    ///< reference score not finite
  rejected_score,      ///< NaN or +inf; -inf alone is an impossible item, which is absent, not invalid
  rejected_log_ratio,  ///< reference score not finite
  margin,              ///< finite scores, but the aggregate margin overflows
  too_many_negatives,  ///< more selected negatives than the objective takes; always std::invalid_argument
};

/// The first invalid row of a batch, one with too many negatives before any other; row -1 when there is none. slot:
/// which rejected, -1 for the chosen or the row.
struct invalid_row {
  index row = -1;
  index slot = -1;
  dynamicpo::defect defect = defect::none;

  DYNAMICPO_HD constexpr bool exists() const noexcept { return row >= 0; }
  /// Of two, the one to report has the lesser: faults of the call, then invalid rows, then none.
  DYNAMICPO_HD constexpr std::uint64_t order() const noexcept {
    const bool fault_of_the_call = defect == dynamicpo::defect::too_many_negatives;
    return static_cast<std::uint64_t>(row) | static_cast<std::uint64_t>(fault_of_the_call ? 0 : 1) << 63;
  }

  /// What is wrong, and with which rejected.
  std::string reason() const {
    const char* reasons[] = {"valid",
                             "the chosen score is not finite",
                             "the chosen sequence is empty",
                             "the log-ratio of the chosen is not finite",
                             "the score is NaN or +inf",
                             "the log-ratio is not finite",
                             "the aggregate margin overflows",
                             "more negatives than the objective takes"};
    return (slot >= 0 ? "rejected " + std::to_string(slot) + ": " : std::string()) + reasons[static_cast<int>(defect)];
  }
  std::string text() const { return "row " + std::to_string(row) + (slot >= 0 ? ", " : ": ") + reason(); }
};

/// What became of the rows of a batch. rows + empty_rows + invalid_rows is the batch size.
struct row_counts {
  index rows = 0;            ///< rows that count: they entered the loss
  index empty_rows = 0;      ///< no negative left after mask, -inf and selection: loss 0, gradient 0, not in the mean
  index invalid_rows = 0;    ///< see `nonfinite`
  index underflow_rows = 0;  ///< of `rows`: every probability rounded to 0 (MPPO), so the gradient is 0
  invalid_row first_invalid;

  DYNAMICPO_HD constexpr void merge(const row_counts& other) noexcept {
    rows += other.rows;
    empty_rows += other.empty_rows;
    invalid_rows += other.invalid_rows;
    underflow_rows += other.underflow_rows;
    note(other.first_invalid);
  }
  /// In any order.
  DYNAMICPO_HD constexpr void note(const invalid_row& other) noexcept {
    if (other.order() < first_invalid.order()) { first_invalid = other; }
  }
};

/// Result of `loss` and `loss_and_gradient`. `loss` is reduced as asked, in nats.
template <class T, class Instruments>
struct evaluation : row_counts {
  accumulator_of<T> loss{0};
  [[no_unique_address]] Instruments instruments{};
};

}  // namespace dynamicpo::inline v1
