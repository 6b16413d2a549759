// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "toy_llm/dataset.hpp"

namespace toy_llm {

/// Size of a synthetic catalogue and of the data drawn from it. The defaults are preset D.
struct synthetic_options {
  std::uint32_t genres = 16;
  std::uint32_t styles = 4;  ///< a genre
  std::uint32_t items_per_style = 6;
  std::uint32_t filler = 2;   ///< a title ends in up to filler + 1 words that say nothing
  std::uint32_t history = 6;  ///< items a row shows before the chosen one
  std::uint32_t train_rows = 1200;
  std::uint32_t development_rows = 300;
  std::uint32_t evaluation_rows = 4000;
  std::uint32_t negatives = 19;  ///< fixed ones of a development or evaluation row
  std::uint64_t seed = 0;
};

inline constexpr synthetic_options preset_d{};
/// Fewer genres, larger styles: twelve items that titles and users hardly tell apart.
inline constexpr synthetic_options preset_a{.genres = 8, .items_per_style = 12, .filler = 1};

/// A seeded catalogue with known ground truth, and users of it.
/// - A genre owns 6 words and a style 3, and 20 words are common. A title is a word of its genre (probability .9, else
/// a
///   common word), a word of its style (.8, else a common word), then 0 to filler + 1 common words. Titles are unique.
///   Item i has style i / items_per_style and genre style / styles. Token ids: words of genre 0, genre 1, ..., of style
///   0, style 1, ..., then the common words.
/// - An item's popularity is exp(.6 x), x standard normal.
/// - A user likes one style, uniform among all. Each of the history + 1 distinct items of a row comes from that style
///   (.7125), its genre (.2375) or the whole catalogue (.05), in proportion to popularity.
/// - Development and evaluation rows hold uniform negatives outside history and chosen; training rows hold none, for
///   sample_negatives to draw from the whole catalogue.
/// A row depends on the catalogue, the seed, its part and its index alone, not on how many rows there are.
/// Throws std::invalid_argument for too few items for a row, and for more than 1000 styles, items a style or 100
/// fillers.
dataset make_synthetic(const synthetic_options& options);

}  // namespace toy_llm
