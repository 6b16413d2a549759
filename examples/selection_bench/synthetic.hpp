// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "selection_bench/rows.hpp"

namespace selection_bench {

/// Normal scores of a kind of negative, in nats above the chosen score.
struct score_group {
  double mean, deviation;
};

/// Rows whose boundary is known: each negative is drawn as one of the boundary or one of the rest. The chosen score is
/// N(-12, 2). The number on the boundary is uniform around its mean, as far either way as leaves one negative on and
/// one off the boundary; the rest are of the medium and the easy group by turns. Every row's negatives come in uniform
/// order.
struct scenario {
  std::string id, title, meaning;
  std::size_t negatives;  ///< K
  std::size_t boundary;   ///< on the boundary, mean over rows
  score_group near{-1, 0.8}, medium{-5, 1}, easy{-9, 1.5};
  double tail = 0;  ///< above 0: the rest are medium.mean minus an exponential of this mean instead
  double scale =
      1;  ///< a row's distances to the chosen score are times a factor of its own, log-uniform in [1 / scale, scale]
};

/// From a balanced row to one negative in thirty-two, then the shapes that three clusters do not fit.
std::span<const scenario> scenarios();

struct labelled_rows {
  score_rows scores;
  std::vector<std::uint8_t> boundary;  ///< by flat position
};

/// A pure function of its arguments; row r does not depend on how many there are.
labelled_rows make_rows(const scenario& of, std::size_t rows, std::uint64_t seed);

}  // namespace selection_bench
