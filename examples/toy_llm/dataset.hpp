// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

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

/// How far evaluation rows repeat training or development rows, and how many were left out for it.
struct leak_counts {
  std::size_t rows_to_train = 0;     ///< read, development included
  std::size_t rows_to_evaluate = 0;  ///< read
  std::size_t same_row = 0;          ///< with the history and the chosen item of a row to train on
  std::size_t same_window = 0;       ///< with four consecutive items of one, same_row included
  std::size_t dropped = 0;           ///< of the latter
  std::size_t same_ending =
      0;  ///< kept, though their last two items are followed by the chosen one in a row to train on
};

struct dataset {
  catalogue items;
  std::vector<history_item_pair> supervised;
  std::vector<ranking_row> train, development;
  std::vector<ranking_row> evaluation;  ///< their negatives stay the same, whatever number training draws
  leak_counts leaks;
};

/// All items of a row, oldest first: the history, then the chosen one.
std::vector<item_id> sequence(const ranking_row& row);

/// Whether equal pairs stay. Rows of independent users repeat a pair because it is likely; rows that are windows of one
/// user's sequence repeat each other's pairs whatever the user likes.
enum class repeats { keep, drop };

/// Every history of at least two items at the start of a row with the item that follows it there, row after row.
std::vector<history_item_pair> supervised_pairs(std::span<const ranking_row> rows, repeats equal_pairs);

/// Coordinates of a draw: equal keys draw equal items, on any thread and in any order of calls.
struct draw_key {
  std::uint64_t seed;
  std::uint32_t epoch;  ///< below 2^31
  std::uint32_t row;
};

/// `count` distinct negatives of a row, uniform and in uniform order: of row.negatives, or where that is empty of the
/// `items` items outside history and chosen. The first k of a draw of K are the draw of k.
/// Throws std::invalid_argument where the row has fewer.
std::vector<item_id> sample_negatives(const ranking_row& row, std::size_t items, std::size_t count, draw_key key);

/// Two or three lines for a log: the sizes of all parts and the leak counts.
std::string describe(const dataset& data);

}  // namespace toy_llm
