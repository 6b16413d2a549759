// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "selection_bench/rows.hpp"

namespace selection_bench {

/// What the strategies have to be told.
struct strategy_options {
  std::int64_t count = 3;  ///< negatives of top-k, random-k, softmax
  double margin = 2.0;     ///< nats below the chosen item, of threshold and semi-hard
  std::uint64_t seed = 0;  ///< of random-k and softmax
  std::string python{};    ///< program with scikit-learn; empty: python3, then /usr/bin/python3
};

/// The kinds that the picture tells apart: the definition, an approximation of it by iteration, something else.
enum class strategy_kind : std::uint8_t { exact, iterated, other };

struct strategy_info {
  std::string id, title, meaning;
  strategy_kind kind;
  bool external = false;  ///< runs in a process of its own, in Python
};

/// A way to choose negatives from policy scores. One object serves one thread.
class strategy {
 public:
  virtual ~strategy() = default;

  /// Overwrites `out`. `step` makes draws of the same rows anew. \throws std::runtime_error where a process fails.
  virtual void select(const score_rows& rows, std::uint32_t step, selected_lists& out) = 0;
  /// What does the work, where that is not this program: "scikit-learn 1.2.1".
  virtual std::string peer() const { return {}; }
  /// Nanoseconds that the latest select took, where only the strategy itself can tell.
  virtual std::optional<double> nanoseconds() const { return std::nullopt; }
};

/// All of them, the boundary first; external ones last.
std::span<const strategy_info> strategies();

/// A strategy, or why it cannot run here. \throws std::invalid_argument for an id that strategies() lacks.
struct made_strategy {
  std::unique_ptr<strategy> ready{};
  std::string absent{};
};
made_strategy make_strategy(const std::string& id, const strategy_options& options);

}  // namespace selection_bench
