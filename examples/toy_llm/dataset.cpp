// SPDX-License-Identifier: MIT
#include "toy_llm/dataset.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "dynamicpo/sample/philox.hpp"

namespace toy_llm {

std::vector<item_id> sequence(const ranking_row& row) {
  std::vector<item_id> all = row.history;
  all.push_back(row.chosen);
  return all;
}

std::vector<history_item_pair> supervised_pairs(std::span<const ranking_row> rows, repeats equal_pairs) {
  constexpr std::ptrdiff_t shortest_history = 2;
  std::vector<history_item_pair> pairs;
  std::set<std::vector<item_id>> seen;
  for (const ranking_row& row : rows) {
    const std::vector<item_id> items = sequence(row);
    for (auto next = items.begin() + std::min<std::ptrdiff_t>(shortest_history, std::ssize(items)); next != items.end();
         ++next) {
      if (equal_pairs == repeats::keep || seen.emplace(items.begin(), next + 1).second) {
        pairs.push_back({.history = {items.begin(), next}, .next = *next});
      }
    }
  }
  return pairs;
}

std::vector<item_id> sample_negatives(const ranking_row& row, std::size_t items, std::size_t count, draw_key key) {
  std::vector<item_id> pool = row.negatives;
  if (pool.empty()) {
    std::vector<item_id> excluded = sequence(row), all(items);
    std::sort(excluded.begin(), excluded.end());
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

std::string describe(const dataset& data) {
  std::ostringstream text;
  text << data.items.size() << " items, " << data.items.vocabulary.size() << " tokens, " << data.supervised.size()
       << " supervised pairs, " << data.train.size() << " training, " << data.development.size() << " development and "
       << data.evaluation.size() << " evaluation rows\n";
  const leak_counts& leaks = data.leaks;
  if (leaks.rows_to_train > 0) {
    text << leaks.dropped << " of " << leaks.rows_to_evaluate << " evaluation rows dropped: " << leaks.same_window
         << " share four consecutive items with the " << leaks.rows_to_train << " training and development rows, "
         << leaks.same_row << " of them everything\n"
         << leaks.same_ending << " evaluation rows kept whose last three items occur in a row there\n";
  }
  return std::move(text).str();
}

}  // namespace toy_llm
