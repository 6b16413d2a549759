// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "dynamicpo/sample/philox.hpp"

namespace toy_llm {

using item_id = std::int32_t;
using token_id = std::int32_t;

inline constexpr token_id begin_token = 0;  ///< in front of a title, and padding
inline constexpr token_id end_token = 1;    ///< closes a title

/// Items and the token sequences that a language model generates for them.
struct catalogue {
  std::vector<std::string> titles;
  std::vector<std::vector<token_id>> tokens;  ///< per title, without begin_token and end_token
  std::vector<std::string> vocabulary;        ///< text of each token id, the two special ones included
  std::vector<std::int32_t> genre;            ///< ground truth of synthetic items; empty for real data
  std::vector<std::int32_t> style;            ///< likewise, numbered through all genres: equal styles share a genre

  std::size_t size() const { return titles.size(); }
};

/// One example of supervised fine-tuning.
struct history_item_pair {
  std::vector<item_id> history;  ///< oldest first
  item_id next;
};

/// One user to rank for.
struct ranking_row {
  std::vector<item_id> history;  ///< oldest first
  item_id chosen;
  std::vector<item_id> negatives;  ///< the row's own candidates; empty: any item outside history and chosen
};

/// What was left out so that no row of one part gives away a row of another.
struct leak_counts {
  std::size_t training_rows_read = 0;
  std::size_t evaluation_rows_read = 0;
  std::size_t same_row = 0;      ///< evaluation rows whose history and chosen item are those of a training row
  std::size_t same_history = 0;  ///< evaluation rows, same_row included, whose history is that of a training row
  std::size_t same_window = 0;   ///< evaluation rows, same_row included, that share consecutive items with training rows
  std::size_t dropped = 0;       ///< evaluation rows dropped for any of these
};

struct dataset {
  catalogue items;
  std::vector<history_item_pair> supervised;
  std::vector<ranking_row> train, development;
  std::vector<ranking_row> evaluation;  ///< negatives are fixed, whatever number training draws
  leak_counts leaks;
};

/// Coordinates of a draw: equal keys draw equal items, on any thread and in any order of calls.
struct draw_key {
  std::uint64_t seed;
  std::uint32_t epoch;
  std::uint32_t row;
};

/// `count` distinct negatives of a row, uniform and in uniform order: of row.negatives, or where that is empty of the
/// `items` items outside history and chosen. The first k of a draw of K are the draw of k.
/// Throws std::invalid_argument where the row has fewer.
inline std::vector<item_id> sample_negatives(const ranking_row& row, std::size_t items, std::size_t count,
                                             draw_key key) {
  std::vector<item_id> pool = row.negatives;
  if (pool.empty()) {
    std::vector<item_id> excluded = row.history;
    excluded.push_back(row.chosen);
    std::sort(excluded.begin(), excluded.end());
    std::vector<item_id> all(items);
    std::iota(all.begin(), all.end(), 0);
    std::set_difference(all.begin(), all.end(), excluded.begin(), excluded.end(), std::back_inserter(pool));
  }
  if (count > pool.size()) {
    throw std::invalid_argument("toy_llm::sample_negatives: row " + std::to_string(key.row) + ": expected at least " +
                                std::to_string(count) + " negatives to draw from, found " +
                                std::to_string(pool.size()));
  }
  dynamicpo::sample::philox_engine random{key.seed, std::uint64_t{key.epoch} << 32 | key.row};
  for (std::size_t drawn = 0; drawn < count; ++drawn) {
    const auto left = static_cast<std::uint32_t>(pool.size() - drawn);
    std::swap(pool[drawn], pool[drawn + random.below(left)]);
  }
  pool.resize(count);
  return pool;
}

}  // namespace toy_llm
